// Package port holds the words that flows and connectors share: documents,
// queries, keys, capabilities and typed errors. It knows no system, no HTTP and no
// mapping; engine/flow plans against its interfaces and every connector
// satisfies them, so that neither imports the other. Start with [Document],
// [Source] and [Target].
package port
