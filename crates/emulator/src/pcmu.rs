//! PCMU, the sound of the telephone: G.711 µ-law, 8000 samples a second.

/// The byte of silence.
pub(crate) const SILENCE: u8 = 0xff;

/// Bytes in a second.
pub(crate) const RATE: usize = 8000;

/// Compresses one sample (ITU-T G.711, table 2a).
pub(crate) fn encode(sample: i16) -> u8 {
    let sign: u8 = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (i32::from(sample).abs().min(CLIP) + BIAS).unsigned_abs();
    // The highest bit that is set, counted from bit 7.
    let exponent = (24_u32.saturating_sub(magnitude.leading_zeros())).min(7);
    let mantissa = u8::try_from(magnitude >> (exponent + 3) & 0x0f).unwrap_or(0);
    !(sign | u8::try_from(exponent).unwrap_or(7) << 4 | mantissa)
}

/// Expands one byte.
pub(crate) fn decode(byte: u8) -> i16 {
    let byte = !byte;
    let exponent = u32::from(byte >> 4 & 7);
    let magnitude = (((i32::from(byte & 0x0f) << 3) + BIAS) << exponent) - BIAS;
    let sample = if byte & 0x80 == 0 { magnitude } else { -magnitude };
    i16::try_from(sample).unwrap_or(i16::MAX)
}

/// Adds two sounds up.
pub(crate) fn mix(one: u8, other: u8) -> u8 {
    encode(decode(one).saturating_add(decode(other)))
}

/// The bias of the logarithm, and the loudest sample before it.
const BIAS: i32 = 0x84;
const CLIP: i32 = 32_635;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        for byte in 0..=u8::MAX {
            // Zero has two bytes; the positive one is written.
            let want = if byte == 0x7f { SILENCE } else { byte };
            assert_eq!(encode(decode(byte)), want, "{byte:#x}");
        }
    }

    #[test]
    fn known_samples() {
        // The ends of the table: silence, the smallest step, the loudest.
        for (sample, byte) in [(0, 0xff), (8, 0xfe), (-8, 0x7e), (32_124, 0x80), (-32_124, 0x00)] {
            assert_eq!(encode(sample), byte, "{sample}");
            assert_eq!(decode(byte), sample, "{byte:#x}");
        }
        assert_eq!(encode(i16::MAX), 0x80);
        assert_eq!(encode(i16::MIN), 0x00);
    }

    #[test]
    fn mixing_with_silence_changes_nothing() {
        for byte in (0..=u8::MAX).filter(|byte| *byte != 0x7f) {
            assert_eq!(mix(byte, SILENCE), byte);
        }
    }
}
