package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrLocked says that another program holds a lock.
var ErrLocked = errors.New("another program is using it")

// Lock takes a lock that one program at a time can have, and that ends with the
// program however it ends. The file stays, so that nobody locks one that is about
// to go. Closing gives the lock back.
func Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := tryLock(f); err != nil {
		return nil, errors.Join(ErrLocked, f.Close())
	}
	return f, nil
}
