package main

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// prefersGzip reports whether a client takes gzip, and does not rather take the plain form (RFC 9110, section
// 12.5.3). A client takes what it names or covers with an asterisk, but for a weight of 0.
func prefersGzip(r *http.Request) bool {
	weights := map[string]float64{}
	for element := range strings.SplitSeq(strings.Join(r.Header.Values(echo.HeaderAcceptEncoding), ","), ",") {
		coding, parameters, _ := strings.Cut(element, ";")
		coding = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(coding)), "x-") // section 8.4.1.3
		weights[coding] = weight(parameters)
	}
	gzip, named := weights["gzip"]
	if !named {
		gzip = weights["*"]
	}
	return gzip > 0 && gzip >= weights["identity"]
}

// weight is the q of an element, 0 to 1. One that cannot be read is 0.
func weight(parameters string) float64 {
	name, value, given := strings.Cut(strings.TrimSpace(parameters), "=")
	if name == "" && !given {
		return 1
	}
	q, err := strconv.ParseFloat(value, 64)
	if err != nil || !strings.EqualFold(name, "q") || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
