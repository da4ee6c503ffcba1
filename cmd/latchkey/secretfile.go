package main

import (
	"errors"
	"fmt"
	"os"

	"latchkey/internal/secret"
)

// loadSecret reads the installation's secret, and makes it at the first start.
func loadSecret(path string) (secret.Secret, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return makeSecret(path)
	}
	return readSecret(path)
}

// readSecret reads the installation's secret. A file that others may read is
// refused: whoever has the secret can answer for a contact in the mail tier.
func readSecret(path string) (secret.Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return secret.Secret{}, fmt.Errorf("reading the installation's secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return secret.Secret{}, fmt.Errorf("the installation's secret %s may be read by others (%v); make it private with: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return secret.Secret{}, fmt.Errorf("reading the installation's secret: %w", err)
	}
	s, err := secret.Parse(string(text))
	if err != nil {
		return secret.Secret{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// makeSecret writes a fresh secret, on disk before it is used.
func makeSecret(path string) (secret.Secret, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return secret.Secret{}, fmt.Errorf("making the installation's secret: %w", err)
	}
	s := secret.New()
	_, err = file.WriteString(s.Reveal() + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return secret.Secret{}, fmt.Errorf("making the installation's secret: %w", err)
	}
	return s, nil
}
