// Package scripting will run user functions: JavaScript and TypeScript modules whose exported
// functions the rules of a mapping call by name, bundled by esbuild and run by goja
// within limits of time and memory. It is not for mapping documents: it knows nothing of mappings,
// and imports nothing of package engine, so that the engine can be used without a
// JavaScript machine. It holds no code yet; docs/architecture.md says how it will be handed to the engine.
package scripting
