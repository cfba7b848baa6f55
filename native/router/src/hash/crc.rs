//! CRC hashes of libmemcached and twemproxy: `crc32` keeps 15 bits of the checksum, `crc32a` all of it, `crc16` is more
//! than 16 bits wide.

const CRC32: [u32; 256] = table32();
const CRC16: [u16; 256] = table16();

/// Bits 16 to 30 of the CRC-32.
#[must_use]
pub fn crc32(key: &[u8]) -> u64 {
    (crc32a(key) >> 16) & 0x7fff
}

/// The CRC-32 as zlib computes it.
#[must_use]
pub fn crc32a(key: &[u8]) -> u64 {
    let step = |crc: u32, &byte: &u8| CRC32[((crc ^ u32::from(byte)) & 0xff) as usize] ^ (crc >> 8);
    u64::from(!key.iter().fold(u32::MAX, step))
}

/// CRC-16/XMODEM as twemproxy 0.5 computes it: in 32 bits, so that what is shifted out of the lower 16 stays.
#[must_use]
pub fn crc16(key: &[u8]) -> u64 {
    let step = |crc: u32, &byte: &u8| (crc << 8) ^ u32::from(CRC16[(((crc >> 8) ^ u32::from(byte)) & 0xff) as usize]);
    u64::from(key.iter().fold(0, step))
}

const fn table32() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

const fn table16() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}
