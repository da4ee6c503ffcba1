package main

import (
	"fmt"
)

var peers = []peer{cedarPeer, opaPeer, casbinPeer, fgaPeer}

func closeAsker(a asker) {
	if c, ok := a.(interface{ Close() }); ok {
		c.Close()
	}
}

func compare(engine, want asker, asked []question) error {
	for _, q := range asked {
		got, err := engine.can(q)
		if err != nil {
			return err
		}
		meant, err := want.can(q)
		if err != nil {
			return err
		}
		if got != meant {
			return fmt.Errorf("%+v: %t, and %t is right", q, got, meant)
		}
	}
	return nil
}

func main() {}
