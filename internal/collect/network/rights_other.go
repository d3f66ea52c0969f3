//go:build !linux

package network

// Rights says what this program cannot do in the plan's networks on this
// system.
func (p *Plan) Rights() []Note {
	if !p.sweeps() {
		return nil
	}
	return []Note{{"ARP", "ARP questions are sent on Linux only: devices are looked for by connecting, which takes longer"}}
}
