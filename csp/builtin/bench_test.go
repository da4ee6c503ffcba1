package builtin_test

import (
	"os"
	"testing"

	"latchkey/csp/builtin/internal/catalogue"
)

// BenchmarkReading measures what the first caller waits for.
func BenchmarkReading(b *testing.B) {
	text, err := os.ReadFile("azure.txt")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := catalogue.DecodeAzure(string(text)); err != nil {
			b.Fatal(err)
		}
	}
}
