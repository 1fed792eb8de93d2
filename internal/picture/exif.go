package picture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// maxExif bounds EXIF data: a segment of a jpeg has less than 64 KiB.
const maxExif = 64 << 10

// turned reports whether an EXIF orientation exchanges the sides: 5 to 8 are turned by 90 degrees, with or without a mirror.
func turned(orientation int) bool { return orientation >= 5 && orientation <= 8 }

// orientation returns the EXIF orientation, 1 to 8; 0 if the picture has none, or none that can be read.
func orientation(r *bufio.Reader, format string) int {
	var data []byte
	switch format {
	case "jpeg":
		data = jpegExif(r)
	case "png":
		data = pngExif(r)
	case "webp":
		data = webpExif(r)
	}
	return exifOrientation(data)
}

// jpegExif returns the EXIF data of a jpeg, nil if it has none before its first scan.
func jpegExif(r *bufio.Reader) []byte {
	const (
		soi, sos, eoi, app1 = 0xd8, 0xda, 0xd9, 0xe1
		first, last         = 0xd0, 0xd7 // restart markers: no length follows
	)
	for {
		marker, err := jpegMarker(r)
		switch {
		case err != nil, marker == sos, marker == eoi:
			return nil
		case marker == soi, marker >= first && marker <= last, marker == 0x01:
			continue
		}
		var length uint16
		if binary.Read(r, binary.BigEndian, &length) != nil || length < 2 {
			return nil
		}
		if marker != app1 {
			if _, err := r.Discard(int(length) - 2); err != nil {
				return nil
			}
			continue
		}
		data := make([]byte, length-2)
		if _, err := io.ReadFull(r, data); err != nil {
			return nil
		}
		if exif, ok := bytes.CutPrefix(data, []byte("Exif\x00\x00")); ok {
			return exif
		}
	}
}

// jpegMarker skips to the next marker.
func jpegMarker(r *bufio.Reader) (byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0xff {
			continue
		}
		for b == 0xff { // fill bytes
			if b, err = r.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 {
			return b, nil
		}
	}
}

// pngExif returns the eXIf chunk of a png.
func pngExif(r *bufio.Reader) []byte {
	const signature, crc = 8, 4
	return chunk(r, signature, crc, func(head []byte) (string, uint32) {
		return string(head[4:]), binary.BigEndian.Uint32(head)
	}, "eXIf")
}

// webpExif returns the EXIF chunk of a webp.
func webpExif(r *bufio.Reader) []byte {
	const header = 12 // RIFF, size, WEBP
	data := chunk(r, header, 0, func(head []byte) (string, uint32) {
		return string(head[:4]), binary.LittleEndian.Uint32(head[4:])
	}, "EXIF")
	data, _ = bytes.CutPrefix(data, []byte("Exif\x00\x00")) // some writers keep the jpeg's prefix
	return data
}

// chunk returns the data of the chunk with that name, in a format of skip bytes and then chunks: 8 bytes that parse reads, the
// data, and after bytes. With none after it the data of a chunk is padded to an even length.
func chunk(r *bufio.Reader, skip, after int, parse func(head []byte) (name string, size uint32), name string) []byte {
	if _, err := r.Discard(skip); err != nil {
		return nil
	}
	var head [8]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil
		}
		found, size := parse(head[:])
		if found == name && size <= maxExif {
			data := make([]byte, size)
			if _, err := io.ReadFull(r, data); err != nil {
				return nil
			}
			return data
		}
		rest := int64(size) + int64(after)
		if after == 0 {
			rest += int64(size & 1)
		}
		if n, err := io.CopyN(io.Discard, r, rest); err != nil || n != rest {
			return nil
		}
	}
}

// exifOrientation reads the orientation out of TIFF data, of its first directory.
func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder
	const header, entry = 8, 12
	switch {
	case len(tiff) < header:
		return 0
	case string(tiff[:4]) == "II*\x00":
		order = binary.LittleEndian
	case string(tiff[:4]) == "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entry {
			return 0
		}
		const tag, short = 0x0112, 3
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short && order.Uint32(entries[4:]) == 1 {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[entry:]
	}
	return 0
}
