package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
)

// files are what is uploaded. The platform fetches the same files from mediaBase for uploads by URL.
//
//go:embed media
var files embed.FS

// mediaBase is where the platform finds the files of media.
const mediaBase = "https://raw.githubusercontent.com/botgo-contrib/richmedia/main/cmd/doctor/media"

// kind is what file_type says.
type kind struct {
	name masked
	typ  int
	file string
}

var kinds = []kind{{"image", 1, "image.png"}, {"video", 2, "video.mp4"}, {"voice", 3, "voice.wav"}, {"file", 4, "file.txt"}}

// content returns the kind's file with something in it that no other upload has: the platform may recognise content that it
// has seen.
func (k kind) content() []byte {
	data, err := files.ReadFile("media/" + k.file)
	if err != nil {
		panic(err) // embedded
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	switch k.name {
	case "image":
		return insertChunk(data, salt)
	case "video": // a box that players skip
		box := binary.BigEndian.AppendUint32(nil, uint32(8+len(salt)))
		return append(append(append(data, box...), "free"...), salt...)
	case "voice": // the last samples
		copy(data[len(data)-len(salt):], salt)
		return data
	}
	return append(data, hex.EncodeToString(salt)...)
}

// insertChunk adds a text chunk to a PNG, before its last one.
func insertChunk(png, salt []byte) []byte {
	const last = 12 // bytes of IEND
	body := append([]byte("tEXtdoctor\x00"), hex.EncodeToString(salt)...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	chunk = append(chunk, body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	at := len(png) - last
	return bytes.Join([][]byte{png[:at], chunk, png[at:]}, nil)
}

// generated returns content of a size that nobody has uploaded before.
func generated(size int) []byte {
	var seed [2 * aes.BlockSize]byte
	_, _ = rand.Read(seed[:])                       // never fails
	block, _ := aes.NewCipher(seed[:aes.BlockSize]) // nor does this
	data := make([]byte, size)
	cipher.NewCTR(block, seed[aes.BlockSize:]).XORKeyStream(data, data) // ten times as fast as the system's own source
	return data
}
