package engine

// PointKind tells what a point of a mapping is.
type PointKind string

// The kinds of points.
const (
	PointRule    PointKind = "rule"    // reached when the rule wrote its field, or an element of its list
	PointCase    PointKind = "case"    // of a `when`
	PointDefault PointKind = "default" // reached when the default was needed
	PointBranch  PointKind = "branch"  // a side of ?:, if or ??, an outcome of `where`, a lookup's allowance for unknown keys
	PointEntry   PointKind = "entry"   // of a table in the file that a rule looks up
)
