package sim

import "testing"

// What docs/economics.md says of the story.
func TestStory(t *testing.T) {
	t.Parallel()
	s, err := NewStory(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Play(100); err != nil {
		t.Fatal(err)
	}
	for i, p := range s.Points {
		if p.Price < p.LowAsk || p.Price > p.HighAsk {
			t.Errorf("epoch %d: price %d is nobody's vote", p.Epoch, p.Price)
		}
		if int(p.Epoch) >= GreedEpoch && p.Price*5 > p.HighAsk {
			t.Errorf("epoch %d: greed made the price %d", p.Epoch, p.Price)
		}
		if p.Burned != p.Pot*3/100 || p.Burned+p.Commission+p.Rewards > p.Pot {
			t.Errorf("epoch %d: pot %d, burned %d, commission %d, rewards %d", p.Epoch, p.Pot, p.Burned, p.Commission, p.Rewards)
		}
		for node := range p.Growth {
			if i > 0 && p.Growth[node] < s.Points[i-1].Growth[node] {
				t.Errorf("epoch %d: a share of node %d lost value", p.Epoch, node)
			}
		}
	}
	first, last := s.Points[0], s.Points[len(s.Points)-1]
	if last.Shards[0]*2 > first.Shards[0] {
		t.Errorf("stakers did not leave: %d shards, then %d", first.Shards[0], last.Shards[0])
	}
	if last.Growth[0] >= last.Growth[5] {
		t.Errorf("the dear node paid %d, a cheap one %d", last.Growth[0], last.Growth[5])
	}
}
