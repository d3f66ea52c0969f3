//go:build !linux

package host

import (
	"errors"

	"github.com/asepsis/asepsis/internal/collect/host/wall"
)

func kernelChains() (wall.Chains, error) {
	return wall.Chains{}, errors.New("only Linux is asked this way")
}
