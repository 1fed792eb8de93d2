#!/usr/bin/env bash
# mimetype names a Targa image image/x-icon.
#
# Versions:  github.com/gabriel-vasile/mimetype v1.4.16, linux/amd64
# Behaviour: The four bytes 00 00 02 00 decide. They begin a Windows cursor, and every uncompressed Targa image in true colour that
#            has neither an id nor a palette: length of the id 0, palette 0, type 2, the low byte of the palette's first index.
# Expected:  no image/x-icon, because bytes 4 and 5 are the number of images in a cursor file and are 0 in a Targa image. The
#            Targa specification 2.0 (Truevision, 1991) has its mark at the end of the file, "TRUEVISION-XFILE.", as here.
# Seen:      image/x-icon
# Here:      internal/sniff asks for the mark and the header of a Targa image before it believes an icon.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/gabriel-vasile/mimetype"
)

func main() {
	const side, depth = 4, 24
	image := []byte{0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, side, 0, side, 0, depth, 0}
	image = append(image, make([]byte, side*side*depth/8)...)
	image = append(image, make([]byte, 8)...) // no extension and no developer area
	image = append(image, "TRUEVISION-XFILE.\x00"...)
	fmt.Println(mimetype.Detect(image))
}
GO
go mod init finding >&2
go get github.com/gabriel-vasile/mimetype@v1.4.16 >&2
go build -o finding . >&2
got=$(./finding)
echo "$got"
[ "$got" = image/x-icon ] || { echo 'The behaviour has changed.' >&2; exit 1; }
