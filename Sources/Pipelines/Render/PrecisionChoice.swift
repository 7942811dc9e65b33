internal import Foundation
internal import Kernels
internal import Packs
internal import Tensors

/// What a render multiplies in, and why.
struct PrecisionChoice {
    let precision: Precision
    let reason: String

    /// The PSNR in dB from which bfloat16 is taken without being asked for: its error is then below that of
    /// an 8-bit film's codec.
    static let leastPSNR = 45.0
}

extension LoadedPack {
    /// What the user asked for, or the best that the processor has and the pack allows.
    ///
    /// - Throws: `RequestError` if bfloat16 was asked for on a processor without it.
    func precision(_ asked: Precision?) throws -> PrecisionChoice {
        if let asked {
            guard asked.isNative else {
                throw RequestError(
                    "--precision \(asked.rawValue): this processor has no AVX512-BF16 instructions, or "
                        + "ONEDNN_MAX_CPU_ISA keeps them off; render in f32"
                )
            }
            return PrecisionChoice(precision: asked, reason: "as asked")
        }
        guard Precision.bfloat16.isNative else {
            let reason = "the processor has no AVX512-BF16 instructions, or they are kept off"
            return PrecisionChoice(precision: .float32, reason: reason)
        }
        guard let psnr = manifest.bfloat16PSNR else {
            let reason =
                "pack \(manifest.name) does not say how near bf16 comes (vsdb pack calibrate)"
            return PrecisionChoice(precision: .float32, reason: reason)
        }
        let measured = String(
            format: "pack %@ reaches %.1f dB in bf16, %.0f are wanted",
            manifest.name,
            psnr,
            PrecisionChoice.leastPSNR
        )
        return PrecisionChoice(
            precision: psnr >= PrecisionChoice.leastPSNR ? .bfloat16 : .float32,
            reason: measured
        )
    }
}
