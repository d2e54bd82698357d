package keylock

import (
	"sync"
	"testing"
)

func TestLocks(t *testing.T) {
	var locks Locks[int]
	counts := [3]int{}
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			key := i % len(counts)
			if i%2 == 0 {
				defer locks.Lock(key)()
				counts[key]++ // the race detector watches
				return
			}
			defer locks.RLock(key)()
			_ = counts[key]
		})
	}
	wg.Wait()
	if counts != [3]int{50, 50, 50} {
		t.Errorf("counts %v", counts)
	}
	if len(locks.locks) != 0 {
		t.Errorf("%d locks are left behind", len(locks.locks))
	}
}
