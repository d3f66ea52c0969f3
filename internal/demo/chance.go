package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// chance is the source of everything random in a hospital.
type chance struct{ *rand.Rand }

func newChance(seed uint64) chance { return chance{rand.New(rand.NewPCG(seed, 0x617365707369))} }

// percent is true p times in a hundred.
func (c chance) percent(p int) bool { return c.IntN(100) < p }

// between returns a number from lo to hi, both included.
func (c chance) between(lo, hi int) int { return lo + c.IntN(hi-lo+1) }

func pick[T any](c chance, from []T) T { return from[c.IntN(len(from))] }

// hex returns n random hexadecimal digits.
func (c chance) hex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[c.IntN(16)]
	}
	return string(b)
}

// mac returns the hardware address of the nth device, of those that are given
// out locally and belong to no maker.
func mac(n int) string {
	return fmt.Sprintf("02:00:5e:%02x:%02x:%02x", n>>16&0xff, n>>8&0xff, n&0xff)
}

// day returns a moment in working hours so many days before the hospital's now.
func (w *world) day(ago int) time.Time {
	return w.today.AddDate(0, 0, -ago).Add(time.Duration(8*60+w.minute(ago)) * time.Minute)
}

// minute spreads moments over the morning, the same for the same day.
func (w *world) minute(ago int) int { return (ago*37 + 11) % 180 }

// date is the day alone.
func (w *world) date(ago int) time.Time { return w.today.AddDate(0, 0, -ago) }
