package vuln

import (
	"encoding/binary"
	"math/bits"
)

// key is the 64-bit hash of an ecosystem and a name by which packages are found.
// It is part of the file's format, and the same in every file. Eight bytes at a time are folded by a
// multiplication to 128 bits; names whose hashes agree are told apart by the name.
func key(ecosystem, name []byte) uint64 { return hash(hash(0, ecosystem), name) }

func hash(seed uint64, name []byte) uint64 {
	const k0, k1 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := fold(seed^k0, uint64(len(name))^k1)
	for ; len(name) >= 8; name = name[8:] {
		h = fold(h^binary.LittleEndian.Uint64(name), k1)
	}
	var last uint64
	for i, c := range name {
		last |= uint64(c) << (8 * i)
	}
	return fold(h^last, k0)
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
