package decimal

import (
	"math/big"
	"slices"
)

// Allocate splits d in proportion to the weights so that the parts add up to d exactly: each part is cut to digits
// digits, and the units that are left go to the largest remainders, the first of equals first. Where d
// itself has more digits, the parts have as many as d. Weights that are all 0 count as equal. No
// weight or a negative one is [ErrWeights].
func (d Decimal) Allocate(weights []Decimal, digits int) ([]Decimal, error) {
	if len(weights) == 0 {
		return nil, ErrWeights
	}
	digits = max(clampDigits(digits), 0, int(d.Trim().scale))
	var scale int32
	zero := true
	for _, w := range weights {
		if w.Sign() < 0 {
			return nil, ErrWeights
		}
		zero = zero && w.IsZero()
		scale = max(scale, w.scale)
	}
	shares := make([]*big.Int, len(weights))
	sum := new(big.Int)
	for i, w := range weights {
		if zero {
			w = New(1, 0)
		}
		shares[i] = w.round(int(scale), Down).coefficient()
		sum.Add(sum, shares[i])
	}
	units := d.round(digits, Down).Coefficient()
	negative := units.Sign() < 0
	units.Abs(units)

	left := new(big.Int).Set(units)
	rests := make([]*big.Int, len(weights))
	order := make([]int, len(weights))
	for i, share := range shares {
		order[i] = i
		rests[i] = new(big.Int)
		shares[i], _ = new(big.Int).QuoRem(new(big.Int).Mul(units, share), sum, rests[i])
		left.Sub(left, shares[i])
	}
	slices.SortStableFunc(order, func(a, b int) int { return rests[b].Cmp(rests[a]) })
	for _, i := range order[:left.Int64()] { // fewer than there are parts
		shares[i].Add(shares[i], bigPows[0])
	}
	parts := make([]Decimal, len(shares))
	for i, share := range shares {
		if negative {
			share.Neg(share)
		}
		parts[i] = fromBig(share, int32(digits))
	}
	return parts, nil
}
