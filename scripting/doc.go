// Package scripting runs user functions: JavaScript and TypeScript modules, bundled by esbuild and run by goja, whose
// exported functions Go calls with JSON documents. Numbers arrive in scripts as exact decimals, every call
// starts from the same state, and what a call may cost is limited. It is not for mapping documents and knows nothing of
// mappings; package scripting/host hands it to the engine. Start with [Load] and [Scripts.Call].
//
// # What the limits hold, and what not
//
// In this process a watch ends calls that take too long or too much memory, built-ins that allocate are capped, and
// recursion ends. That is enough against the mistakes of authors whom you trust. It is not enough against
// hostile scripts: one built-in that works for long on something small, such as a text that doubles until the heap is full before the
// watch looks, or a global regular expression that goja matches by backtracking, cannot be interrupted and
// takes the process along. [Options].Worker runs calls in processes of their own with a hard limit of memory (on
// Linux) that are ended when they are late: then such a call is an error, and the next one gets a new process.
// Bundling always happens in this process; it reads files of the file system it is given and nothing else, and refuses
// files that are large or deeply nested before a parser sees them.
package scripting
