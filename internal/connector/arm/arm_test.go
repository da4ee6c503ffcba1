package arm_test

import (
	"testing"

	"latchkey/internal/connector/connectortest"
)

// TestAgainstTheSDK runs the suite against the SDK's own fake servers.
func TestAgainstTheSDK(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.World { return newFakeWorld(t) })
}
