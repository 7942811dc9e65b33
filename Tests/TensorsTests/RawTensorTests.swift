import Foundation
import Tensors
import Testing

/// Conversions from the stored types, all patterns of the small ones.
struct RawTensorTests {
    private static let allPatterns = Array(UInt16.min...UInt16.max)

    private func raw<Stored>(_ dtype: DType, _ elements: [Stored]) -> RawTensor {
        RawTensor(
            dtype: dtype,
            shape: [elements.count],
            bytes: elements.withUnsafeBytes { Data($0) }
        )
    }

    @Test func everyFloat16GoesThroughFloat32AndBack() {
        let halves = raw(.float16, Self.allPatterns)
        let back = RawTensor(halving: halves.float)
        let patterns = back.bytes.withUnsafeBytes { bytes in
            Self.allPatterns.indices.map {
                bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)
            }
        }
        for (pattern, found) in zip(Self.allPatterns, patterns) where pattern != found {
            // Only signalling NaNs may change, into quiet ones.
            let (old, new) = (Float16(bitPattern: pattern), Float16(bitPattern: found))
            #expect(old.isNaN && new.isNaN, "\(pattern) became \(found)")
        }
        for (pattern, value) in zip(Self.allPatterns, halves.float.scalars) {
            #expect(isSame(Double(value), float16(pattern)), "\(pattern)")
        }
    }

    @Test func everyBFloat16IsTheUpperHalfOfAFloat32() {
        let tensor = raw(.bfloat16, Self.allPatterns)
        for (pattern, value) in zip(Self.allPatterns, tensor.float.scalars) {
            #expect(value.bitPattern == UInt32(pattern) << 16)
        }
        for (narrow, wide) in zip(tensor.float.scalars, tensor.double.scalars) {
            #expect(isSame(Double(narrow), wide))
        }
    }

    /// IEEE 754 binary16 by its definition: sign, five bits of exponent, ten of fraction.
    private func float16(_ pattern: UInt16) -> Double {
        let sign: Double = pattern >> 15 == 0 ? 1 : -1
        let exponent = Int(pattern >> 10 & 31)
        let fraction = Double(pattern & 1023)
        switch exponent {
        case 31: return fraction == 0 ? sign * .infinity : .nan
        case 0: return sign * fraction * 0x1p-24
        default: return sign * scalbn(1 + fraction / 1024, exponent - 15)
        }
    }

    private func isSame(_ a: Double, _ b: Double) -> Bool {
        a.isNaN ? b.isNaN : a == b && a.sign == b.sign
    }

    @Test func integersKeepTheirExtremes() {
        #expect(raw(.int8, [Int8.min, -1, 127]).float.scalars == [-128, -1, 127])
        #expect(raw(.uint8, [UInt8.max]).float.scalars == [255])
        #expect(raw(.bool, [UInt8(0), 1]).integers == [0, 1])
        #expect(raw(.int16, [Int16.min, .max]).integers == [-32_768, 32_767])
        #expect(raw(.int32, [Int32.min, .max]).integers == [-2_147_483_648, 2_147_483_647])
        #expect(raw(.int64, [Int64.min, .max]).integers == [.min, .max])
        #expect(raw(.int32, [Int32.max]).double.scalars == [2_147_483_647])
    }

    @Test func fractionsBecomeIntegersWithoutTrapping() {
        let values = [2.9, -2.9, .nan, .infinity, -.infinity, 1e300, -1e300, 0x1p63]
        #expect(raw(.float64, values).integers == [2, -2, 0, .max, .min, .max, .min, .max])
    }

    @Test func bytesNeedNotBeAligned() {
        let elements: [Double] = [1.5, -2.5, .infinity]
        let shifted = Data([7]) + elements.withUnsafeBytes { Data($0) }
        let tensor = RawTensor(dtype: .float64, shape: [3], bytes: shifted.dropFirst())
        #expect(tensor.double.scalars == elements)
        #expect(tensor.float.scalars == [1.5, -2.5, .infinity])
    }

    @Test func storingKeepsEveryBit() {
        let odd = Tensor<Float>(shape: [2, 2], scalars: [.nan, -0.0, .leastNonzeroMagnitude, 1])
        let back = RawTensor(odd).float
        #expect(back.shape == [2, 2])
        #expect(back.scalars.map(\.bitPattern) == odd.scalars.map(\.bitPattern))
        #expect(RawTensor(odd.widened).double.scalars[2] == 0x1p-149)
    }

    @Test func halvingRoundsToEven() {
        // Spacing is 2 between 2048 and 4096, so odd numbers are ties; 65520 is the first to overflow.
        let x = Tensor<Float>(shape: [4], scalars: [2049, 2051, 65_519, 65_520])
        #expect(RawTensor(halving: x).float.scalars == [2048, 2052, 65_504, .infinity])
    }

    @Test func emptyTensorsHaveNoElements() {
        let empty = RawTensor(dtype: .float32, shape: [0, 3], bytes: Data())
        #expect(empty.count == 0)
        #expect(empty.float.shape == [0, 3])
        #expect(empty.integers == [])
    }
}
