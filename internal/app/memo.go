package app

import "sync"

// memo holds what is worked out of a view when it is first asked for. Those who
// ask meanwhile wait for it. What failed, as when somebody stopped waiting, is
// worked out again.
//
// The value is shared by all who ask, so nobody changes it.
type memo[T any] struct {
	mu   sync.Mutex
	done bool // guarded by mu
	v    T    // guarded by mu
}

func (m *memo[T]) get(work func() (T, error)) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done {
		return m.v, nil
	}
	v, err := work()
	if err == nil {
		m.v, m.done = v, true
	}
	return v, err
}

// must is get for what cannot fail.
func (m *memo[T]) must(work func() T) T {
	v, _ := m.get(func() (T, error) { return work(), nil })
	return v
}

// memos holds what is worked out by name: one memo for each.
type memos[K comparable, T any] struct {
	mu  sync.Mutex
	all map[K]*memo[T] // guarded by mu
}

// of returns the memo of a name. Of more than most names the others are forgotten:
// what people ask for is not bounded by what there is.
func (m *memos[K, T]) of(name K, most int) *memo[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.all[name]
	if one == nil {
		if m.all == nil || len(m.all) >= most {
			m.all = make(map[K]*memo[T])
		}
		one = new(memo[T])
		m.all[name] = one
	}
	return one
}
