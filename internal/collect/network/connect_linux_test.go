package network

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestHeardOfAClosedSocket keeps a closed socket alive, as a program that is being
// started does for a moment, and gives its descriptor to another attempt: what the
// system says of the first is not taken for an answer to the second. It was, on busy
// machines, and addresses without a device were stated.
func TestHeardOfAClosedSocket(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ep)
	at := netip.MustParseAddrPort(ln.Addr().String())
	first, _, _ := connect(&target{addr: at.Addr()}, at.Port())
	if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, first, &unix.EpollEvent{Events: unix.EPOLLOUT, Fd: int32(first), Pad: 1}); err != nil {
		t.Fatal(err)
	}
	held, err := unix.FcntlInt(uintptr(first), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(held)
	second, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	// dup3 closes the first and gives its number to the second in one step.
	if err := unix.Dup3(second, first, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(second)
	defer unix.Close(first)

	events := make([]unix.EpollEvent, 4)
	n := 0
	for deadline := time.Now().Add(5 * time.Second); n <= 0 && time.Now().Before(deadline); {
		n, _ = unix.EpollWait(ep, events, 100)
	}
	if n != 1 || int(events[0].Fd) != first {
		t.Fatalf("the system says nothing of the closed socket (%d events): the test proves nothing", n)
	}
	fl := &flight{fd: first, seq: 2, t: &target{}, ends: time.Now().Add(time.Second)}
	f := &flights{under: map[int]*flight{first: fl}, order: []*flight{fl}}
	f.answered(int(events[0].Fd), events[0].Pad)
	if fl.landed || f.under[first] != fl {
		t.Error("an attempt that nobody answered is taken for answered")
	}
}
