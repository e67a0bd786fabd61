package report

import (
	_ "embed"
	"html/template"
)

// The colours and the type are the review page's (internal/web/page/src/design.css):
// text reaches 4.5:1 on its ground, marks in figures 3:1, in both themes.
//
//go:embed style.css
var styleSheet string

var style = template.CSS(styleSheet)
