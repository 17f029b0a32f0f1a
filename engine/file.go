package engine

import "github.com/goccy/go-yaml/ast"

// mappingFile is one mapping file as it was written, before inheritance.
type mappingFile struct {
	src     *sourceFile
	place   place // where the file was found
	from    *scalar
	to      *scalar
	extends *scalar
	base    *scalar
	note    *scalar
	scripts []*scalar
	lets    []letDecl
	rules   []*ruleDecl
	tables  []tableDecl
	sets    []settingDecl
	// unreadable is true where nothing is known of the file's content.
	unreadable bool
	inLibrary  bool
}

type letDecl struct {
	name *scalar
	expr *scalar
}

type tableDecl struct {
	name *scalar
	json string // a JSON object
	node ast.Node
}

type settingDecl struct {
	name *scalar
	Setting
}

// ruleDecl is one rule as it was written.
type ruleDecl struct {
	file   *mappingFile
	key    *scalar
	path   targetPath
	target string // the path in its canonical form
	remove bool   // null: the inherited rule goes
	odd    bool   // has an option that cannot be read, which is reported already

	result  resultDecl
	each    *scalar
	as      *scalar
	index   *scalar
	where   *scalar
	when    []caseDecl
	hasWhen bool

	lookup    *scalar
	keys      []*scalar
	missing   missingMode
	missingV  string // JSON text of missing: {value: ...}
	missingAt *scalar

	def      *resultDecl
	required bool
	write    writeWhen
	writeAt  *scalar
	empty    emptyModes // for missing, null and empty
	emptyAt  *scalar
	// emptyWord is true where one word is said for missing, null and empty alike.
	emptyWord bool
	round     *roundDecl
	note      *scalar
}

// resultDecl is an expression or a literal; both nil means none.
type resultDecl struct {
	expr    *scalar
	literal *string // JSON text
}

func (r resultDecl) set() bool { return r.expr != nil || r.literal != nil }

type caseDecl struct {
	cond   *scalar // nil in the last case
	result resultDecl
	at     ast.Node
}

type roundDecl struct {
	digits int32
	mode   string
}

type missingMode uint8

const (
	missingUnsaid missingMode = iota
	missingFail
	missingOmit
	missingDefault
	missingValue
)

type writeWhen uint8

const (
	writeAlways writeWhen = iota
	writeOnCreate
	writeOnUpdate
	writeIfEmpty
)

type emptyMode uint8

// emptyModes are those for missing, null and empty.
type emptyModes = [3]emptyMode

const (
	emptyUnsaid emptyMode = iota
	emptyOmit
	emptyNull
	emptyKeep
)
