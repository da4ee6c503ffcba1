package emulator

// RotateKey lets the next signing key sign from now on, as Entra's keys change
// without notice. It was published before; tokens of the one before are accepted
// until they expire.
func (s *Server) RotateKey() { s.key.Rotate(s.World().Now()) }
