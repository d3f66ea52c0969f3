package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// flight is an attempt under way.
type flight struct {
	fd     int
	seq    int32 // tells it from others that had the descriptor before
	t      *target
	number uint16
	ends   time.Time
	landed bool
}

// run carries the sweep out on one thread with many sockets: the system answers
// most attempts before the next one starts, and no goroutine per attempt is
// needed.
func (s *sweep) run(ctx context.Context) error {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("start connecting: %w", err)
	}
	f := &flights{s: s, ep: ep, ctx: ctx, under: map[int]*flight{}}
	defer f.end()
	events := make([]unix.EpollEvent, 256)
	for ctx.Err() == nil {
		wait, more := f.begin()
		if !more {
			break
		}
		if n := f.expire(); n > 0 {
			continue
		}
		n, err := unix.EpollWait(ep, events, f.timeout(wait))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for connections: %w", err)
		}
		for _, e := range events[:max(n, 0)] {
			f.answered(int(e.Fd), e.Pad)
		}
	}
	return ctx.Err()
}

type flights struct {
	s     *sweep
	ep    int
	ctx   context.Context //nolint:containedctx // lives as long as the call of run
	under map[int]*flight // by descriptor
	order []*flight       // by end, since all attempts take equally long
	seq   int32
	wg    groups
}

// begin starts as many attempts as may be.
func (f *flights) begin() (wait time.Duration, more bool) {
	for range 64 { // then answers are looked at
		t, number, wait, more := f.s.next()
		if t == nil {
			return wait, more
		}
		f.start(t, number)
	}
	return 0, true
}

func (f *flights) start(t *target, number uint16) {
	fd, o, pending := connect(t, number)
	switch {
	case pending:
		f.seq++
		err := unix.EpollCtl(f.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLOUT, Fd: int32(fd), Pad: f.seq})
		if err != nil {
			_ = unix.Close(fd)
			f.s.done(t, number, starved)
			return
		}
		fl := &flight{fd: fd, seq: f.seq, t: t, number: number, ends: f.s.now().Add(connectTimeout)}
		f.under[fd] = fl
		f.order = append(f.order, fl)
	case o == opened:
		f.opened(fd, t, number)
	default:
		if o == unreachable {
			f.s.noWay++
		}
		f.s.done(t, number, o)
	}
}

// connect begins to connect. The descriptor is open only if the attempt is
// pending or succeeded.
func connect(t *target, number uint16) (fd int, o outcome, pending bool) {
	family := unix.AF_INET
	var to unix.Sockaddr
	if t.addr.Is4() {
		to = &unix.SockaddrInet4{Port: int(number), Addr: t.addr.As4()}
	} else {
		family = unix.AF_INET6
		to = &unix.SockaddrInet6{Port: int(number), Addr: t.addr.As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return -1, starved, false
	}
	switch err = unix.Connect(fd, to); {
	case err == nil:
		return fd, opened, false
	case errors.Is(err, unix.EINPROGRESS):
		return fd, silent, true
	}
	_ = unix.Close(fd)
	return -1, outcomeOf(err), false
}

func outcomeOf(err error) outcome {
	var no unix.Errno
	if !errors.As(err, &no) {
		return silent
	}
	switch no {
	case unix.ECONNREFUSED, unix.ECONNRESET:
		return closed
	case unix.EHOSTUNREACH, unix.ENETUNREACH, unix.EHOSTDOWN, unix.EACCES, unix.EPERM, unix.ENETDOWN, unix.EINVAL, unix.ENOPROTOOPT, unix.EPROTO:
		return unreachable
	case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.EADDRNOTAVAIL, unix.EAGAIN:
		return starved
	default:
		return silent
	}
}

// answered takes the outcome of an attempt that the system says has ended. A
// socket that we closed is still heard of while a program that this one starts
// holds it for a moment; its descriptor may be another attempt's by then, which has
// not been answered.
func (f *flights) answered(fd int, seq int32) {
	fl, ok := f.under[fd]
	if !ok || fl.seq != seq {
		return
	}
	f.land(fl)
	no, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && no == 0 {
		_ = unix.EpollCtl(f.ep, unix.EPOLL_CTL_DEL, fd, nil)
		f.opened(fd, fl.t, fl.number)
		return
	}
	_ = unix.Close(fd)
	if err == nil {
		err = unix.Errno(no)
	}
	f.s.done(fl.t, fl.number, outcomeOf(err))
}

func (f *flights) opened(fd int, t *target, number uint16) {
	if !f.s.done(t, number, opened) {
		_ = unix.Close(fd)
		return
	}
	file := os.NewFile(uintptr(fd), "connection")
	c, err := net.FileConn(file)
	_ = file.Close()
	if err != nil {
		f.s.learnt(t, Port{Number: number})
		return
	}
	f.wg.run(f.ctx, c, func() { f.s.learnt(t, f.s.read(t, number, c)) })
}

// expire ends attempts that took too long, and says how many.
func (f *flights) expire() int {
	n := 0
	now := f.s.now()
	for len(f.order) > 0 {
		fl := f.order[0]
		if !fl.landed && fl.ends.After(now) {
			break
		}
		f.order = f.order[1:]
		if fl.landed {
			continue
		}
		n++
		f.land(fl)
		_ = unix.Close(fl.fd)
		f.s.done(fl.t, fl.number, silent)
	}
	return n
}

// land ends the attempt. Its descriptor may be another attempt's the moment it is
// closed, so nothing finds the attempt by it any more.
func (f *flights) land(fl *flight) {
	fl.landed = true
	delete(f.under, fl.fd)
}

// timeout is how long to wait for answers, in whole milliseconds: until the next
// attempt may begin or an old one ends, and never long, so that a stop is heard.
func (f *flights) timeout(wait time.Duration) int {
	wait = min(wait, pollAgain)
	if len(f.order) > 0 {
		wait = min(wait, f.order[0].ends.Sub(f.s.now())) // one that has landed only wakes us early
	}
	if f.s.readings() > 0 {
		wait = min(wait, 5*time.Millisecond) // a reading that ends wakes nobody
	}
	if wait <= 0 {
		return 0
	}
	return int((wait + time.Millisecond - 1) / time.Millisecond)
}

// end closes what is still open and waits for the readings, which end with the
// context or within their own limits.
func (f *flights) end() {
	for fd := range f.under {
		_ = unix.Close(fd)
	}
	f.wg.wait()
	_ = unix.Close(f.ep)
}
