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
// takes the process along. [Options].Worker runs calls in processes of their own that are ended when they are late: then such a
// call is an error, and the next one gets a new process. On Linux the kernel holds the memory of these processes. On other systems
// nothing does: the watch in the process ends what it sees in time, and a text that doubles inside of one built-in can take the memory of
// the machine until the process is late, a second or two. Run hostile scripts on Linux.
//
// Bundling and compiling read files of the file system that they are given and nothing else, and files that are large, deeply nested
// or that hold an expression of more than 10,000 parts are refused before a parser sees them. At the limits, measured on texts that
// are made to harm, a load takes some 400 bytes of memory and 2.5 microseconds of time for each byte of text, up to 4 MiB of text: seconds
// and more than a gigabyte, but an end. With [Options].Worker that happens in a process too, which asks this one for the files and
// is ended after 20 seconds, and on Linux at 768 MiB; this process then holds the texts and the bundle, and parses neither.
//
// Processes that no call needs for a minute are ended, and [Scripts.Rest] ends them at once.
package scripting
