package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
)

// sealer hides and authenticates small texts with AES-256-GCM under a key of its
// own purpose, so that nothing sealed for one purpose opens for another.
type sealer struct{ aead cipher.AEAD }

func newSealer(key [32]byte, purpose string) (sealer, error) {
	own, err := hkdf.Key(sha256.New, key[:], nil, purpose, 32)
	if err != nil {
		return sealer{}, err
	}
	block, err := aes.NewCipher(own)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

// sealJSON seals v for the place it is kept in: it opens nowhere else.
func (s sealer) sealJSON(v any, place string) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, []byte(place))), nil
}

// openJSON reads what sealJSON made for the same place.
func (s sealer) openJSON(text, place string, v any) error {
	const most = 8 << 10
	if len(text) > most {
		return errors.New("too long to be ours")
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return err
	}
	plain, err := s.aead.Open(nil, nil, sealed, []byte(place))
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, v)
}
