package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// aead is AES-GCM with random nonces under a secret that follows from the first RSA key.
func (k *Key) aead() (cipher.AEAD, error) {
	p, err := k.first()
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, p.private.D.Bytes())
	mac.Write([]byte("latchkey emulator: sealed refresh tokens"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("token: sealing: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal hides and protects a short text so that only this Key can read it back
// with Open: refresh tokens are made of it, and need no table of their own.
// The secret is derived from the first RSA key and survives rollovers.
func (k *Key) Seal(plain []byte) (string, error) {
	aead, err := k.aead()
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, plain, nil)), nil
}

// Open reads back what Seal made; anything else is ErrMalformed.
func (k *Key) Open(sealed string) ([]byte, error) {
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) > maxTokenLength {
		return nil, ErrMalformed
	}
	plain, err := aead.Open(nil, nil, raw, nil)
	if err != nil {
		return nil, ErrMalformed
	}
	return plain, nil
}
