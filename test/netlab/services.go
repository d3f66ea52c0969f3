//go:build linux

package netlab

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// SSH greets like an SSH server and waits.
func SSH(banner string) func(net.Conn) {
	return func(c net.Conn) {
		fmt.Fprintf(c, "%s\r\n", banner)
		_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<16))
	}
}

// HTTP answers each request with an empty page of a server.
func HTTP(server string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for {
			q, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.0 200 OK\r\nServer: %s\r\nContent-Length: 0\r\n\r\n", server)
			if q.Close || q.ProtoMinor == 0 {
				return
			}
		}
	}
}

// Telnet asks for options, then shows a banner.
func Telnet(banner string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Write([]byte{255, 253, 24, 255, 251, 1})
		fmt.Fprintf(c, "\r\n%s\r\nlogin: ", banner)
		_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<16))
	}
}

// Silent accepts and says nothing, as DICOM, HL7 and SMB do until they are
// spoken to. It calls got for every byte it is sent.
func Silent(got func(int)) func(net.Conn) {
	return func(c net.Conn) {
		b := make([]byte, 512)
		for {
			n, err := c.Read(b)
			if n > 0 && got != nil {
				got(n)
			}
			if err != nil {
				return
			}
		}
	}
}

// Drip sends one byte every now and then, for as long as somebody listens.
func Drip(every time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		for {
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(every)
		}
	}
}

// Endless sends as fast as it can, for as long as somebody listens.
func Endless(c net.Conn) {
	b := make([]byte, 1<<16)
	for i := range b {
		b[i] = 'A'
	}
	for {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

// Reset takes a connection and tears it down at once.
func Reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
}
