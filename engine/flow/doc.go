// Package flow moves documents of one entity from a source to a target: it plans what each
// document means for the target (operations with field diffs, or a skip with its reason), carries plans
// out so that a lost answer never makes a second document, and runs that over everything that changed.
//
// It is not for speaking to a system, storing links or scheduling: sources, targets, links
// and cursors are the interfaces of engine/port, and mappings come compiled.
//
// Start with [New], [Process.Run] and [Planner.Plan]; the order process is in order.go.
package flow
