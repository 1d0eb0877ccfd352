//! WAV files of 8000 samples a second.

use crate::pcmu;

/// The first channel of a file as PCMU.
///
/// # Errors
///
/// Why it cannot be played here, in one clause.
pub(crate) fn read(file: &[u8]) -> Result<Vec<u8>, &'static str> {
    if file.get(..4) != Some(b"RIFF") || file.get(8..12) != Some(b"WAVE") {
        return Err("the file is not a WAV");
    }
    let mut format = None;
    let mut at = 12;
    while let (Some(id), Some(size)) = (file.get(at..at + 4), number(file, at + 4, 4)) {
        let body = at + 8;
        let end = body.saturating_add(size).min(file.len());
        match id {
            b"fmt " => format = Format::read(file, body),
            b"data" => {
                let format = format.ok_or("the file has no `fmt` chunk")?;
                return format.first_channel(&file[body.min(end)..end]);
            }
            _ => {}
        }
        at = end + size % 2;
    }
    Err("the file has no samples")
}

/// Writes PCMU as a file. Shorter channels are filled with silence.
pub(crate) fn write(channels: &[Vec<u8>]) -> Vec<u8> {
    let count = channels.len().max(1);
    let samples = channels.iter().map(Vec::len).max().unwrap_or(0);
    let size = u32::try_from(samples * count).unwrap_or(u32::MAX);
    let count_16 = u16::try_from(count).unwrap_or(1);
    let rate = u32::try_from(pcmu::RATE).unwrap_or(0);
    let mut file = Vec::with_capacity(44 + samples * count);
    file.extend(b"RIFF");
    file.extend((size + 36).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    for field in [MU_LAW, count_16] {
        file.extend(field.to_le_bytes());
    }
    for field in [rate, rate * u32::from(count_16)] {
        file.extend(field.to_le_bytes());
    }
    for field in [count_16, 8] {
        file.extend(field.to_le_bytes());
    }
    file.extend(b"data");
    file.extend(size.to_le_bytes());
    for index in 0..samples {
        file.extend(channels.iter().map(|it| it.get(index).copied().unwrap_or(pcmu::SILENCE)));
    }
    file
}

/// The format in the chunk `fmt`.
#[derive(Clone, Copy)]
struct Format {
    code: u16,
    channels: usize,
    bits: usize,
    rate: usize,
}

impl Format {
    fn read(file: &[u8], at: usize) -> Option<Self> {
        Some(Self {
            code: u16::try_from(number(file, at, 2)?).ok()?,
            channels: number(file, at + 2, 2)?,
            rate: number(file, at + 4, 4)?,
            bits: number(file, at + 14, 2)?,
        })
    }

    fn first_channel(self, data: &[u8]) -> Result<Vec<u8>, &'static str> {
        if self.rate != pcmu::RATE || self.channels == 0 {
            return Err("the file does not have 8000 samples a second");
        }
        match (self.code, self.bits) {
            (MU_LAW, 8) => Ok(data.iter().step_by(self.channels).copied().collect()),
            (PCM, 16) => {
                let samples = data.chunks_exact(2 * self.channels);
                Ok(samples.map(|it| pcmu::encode(i16::from_le_bytes([it[0], it[1]]))).collect())
            }
            _ => Err("the samples are neither PCM of 16 bits nor PCMU"),
        }
    }
}

/// A little-endian number of this many bytes.
fn number(file: &[u8], at: usize, bytes: usize) -> Option<usize> {
    let bytes = file.get(at..at.checked_add(bytes)?)?;
    Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

/// Codes of formats (RFC 2361).
const PCM: u16 = 1;
const MU_LAW: u16 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_reads_back() {
        let file = write(&[vec![1, 2, 3]]);
        assert_eq!(file.len(), 47);
        assert_eq!(read(&file), Ok(vec![1, 2, 3]));
        let two = write(&[vec![1, 2, 3], vec![9]]);
        assert_eq!(&two[44..], [1, 9, 2, pcmu::SILENCE, 3, pcmu::SILENCE]);
        assert_eq!(read(&two), Ok(vec![1, 2, 3]));
    }

    #[test]
    fn pcm_is_compressed() {
        let mut file = write(&[vec![0; 4]]);
        file[20] = 1;
        file[34] = 16;
        file[44..48].copy_from_slice(&[0, 0, 0x7c, 0x7d]);
        assert_eq!(read(&file), Ok(vec![pcmu::SILENCE, 0x80]));
    }

    #[test]
    fn an_unplayable_file_says_why() {
        let good = write(&[vec![1, 2]]);
        let with = |at: usize, byte: u8| {
            let mut file = good.clone();
            file[at] = byte;
            file
        };
        for (name, file, want) in [
            ("nothing", Vec::new(), "the file is not a WAV"),
            ("another rate", with(24, 1), "the file does not have 8000 samples a second"),
            ("another code", with(20, 6), "the samples are neither PCM of 16 bits nor PCMU"),
            ("no samples", good[..36].to_vec(), "the file has no samples"),
            ("no format", with(12, b'x'), "the file has no `fmt` chunk"),
        ] {
            assert_eq!(read(&file), Err(want), "{name}");
        }
        // Any cut of a file is refused or read, never a panic.
        for end in 0..good.len() {
            let _ = read(&good[..end]);
        }
    }
}
