public import Foundation

/// A tensor as a file holds it: element type, shape and little-endian bytes.
///
/// The bytes may lie in a memory-mapped file; nothing is converted until asked for.
public struct RawTensor: Sendable {
    /// The element type of the bytes.
    public let dtype: DType
    /// The extent of each axis, outermost first.
    public let shape: [Int]
    /// The elements, row-major, little-endian.
    public let bytes: Data

    /// Wraps bytes whose length has been checked against the shape.
    public init(dtype: DType, shape: [Int], bytes: Data) {
        precondition(
            shape.allSatisfy { $0 >= 0 } && bytes.count == shape.reduce(dtype.byteCount, *),
            "\(dtype) \(shape) does not fill \(bytes.count) bytes"
        )
        self.dtype = dtype
        self.shape = shape
        self.bytes = bytes
    }

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The elements as float32; wider types are rounded, narrower ones are exact.
    public var float: Tensor<Float> { Tensor(shape: shape, scalars: converted()) }

    /// The elements as float64; every stored type except large int64 is exact.
    public var double: Tensor<Double> { Tensor(shape: shape, scalars: converted()) }

    /// The elements as integers: fractions cut off, NaN as 0, what does not fit as the nearest that does.
    public var integers: [Int] {
        switch dtype {
        case .int64: load(Int64.self) { Int($0) }
        case .int32: load(Int32.self) { Int($0) }
        default: (converted() as [Double]).map(Self.integer)
        }
    }

    private static func integer(_ value: Double) -> Int {
        if let exact = Int(exactly: value.rounded(.towardZero)) { return exact }
        return value.isNaN ? 0 : (value < 0 ? .min : .max)
    }

    private func converted<Result: BinaryFloatingPoint>() -> [Result] {
        switch dtype {
        case .float64: load(Double.self) { Result($0) }
        case .float32: load(Float.self) { Result($0) }
        case .float16: load(UInt16.self) { Result(widenedHalf($0)) }
        case .bfloat16: load(UInt16.self) { Result(Float(bitPattern: UInt32($0) << 16)) }
        case .int64: load(Int64.self) { Result($0) }
        case .int32: load(Int32.self) { Result($0) }
        case .int16: load(Int16.self) { Result($0) }
        case .int8: load(Int8.self) { Result($0) }
        case .uint8, .bool: load(UInt8.self) { Result($0) }
        }
    }

    @inline(__always)
    private func load<Stored: BitwiseCopyable, Result>(
        _ type: Stored.Type,
        _ convert: (Stored) -> Result
    ) -> [Result] {
        [Result](unsafeUninitializedCapacity: count) { out, written in
            bytes.withUnsafeBytes { raw in
                guard let start = raw.baseAddress else { return }
                // A plain loop over pointers is vectorised by the compiler.
                for index in 0..<count {
                    let offset = index * MemoryLayout<Stored>.size
                    let stored = start.loadUnaligned(fromByteOffset: offset, as: Stored.self)
                    out.initializeElement(at: index, to: convert(stored))
                }
                written = count
            }
        }
    }
}

/// A float16 by its bits as float32, exact, NaN and infinity included.
///
/// The exponents differ by 112: shifted into place, a multiplication by 2^112 mends them for normal and
/// subnormal numbers alike. `Float(Float16)` would call a library function for each number.
@inline(__always)
private func widenedHalf(_ half: UInt16) -> Float {
    let magnitude = UInt32(half & 0x7FFF) << 13
    let isFinite = magnitude < 0x0F80_0000
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let bits = isFinite ? scaled : magnitude | 0x7F80_0000
    return Float(bitPattern: bits | UInt32(half & 0x8000) << 16)
}

extension RawTensor {
    /// Stores float32 elements as they are.
    public init(_ tensor: Tensor<Float>) {
        self.init(
            dtype: .float32,
            shape: tensor.shape,
            bytes: tensor.scalars.withUnsafeBytes { Data($0) }
        )
    }

    /// Stores float64 elements as they are.
    public init(_ tensor: Tensor<Double>) {
        self.init(
            dtype: .float64,
            shape: tensor.shape,
            bytes: tensor.scalars.withUnsafeBytes { Data($0) }
        )
    }
}

extension RawTensor {
    /// Stores float32 elements rounded to float16.
    public init(halving tensor: Tensor<Float>) {
        let halves = tensor.scalars.map { Float16($0).bitPattern.littleEndian }
        self.init(
            dtype: .float16,
            shape: tensor.shape,
            bytes: halves.withUnsafeBytes { Data($0) }
        )
    }
}

extension RawTensor {
    /// Whether no element is NaN or infinite; nothing is copied.
    public var isFinite: Bool {
        switch dtype {
        case .float64: hasNoElement(UInt64.self, withAllOf: 0x7FF0_0000_0000_0000)
        case .float32: hasNoElement(UInt32.self, withAllOf: 0x7F80_0000)
        case .float16: hasNoElement(UInt16.self, withAllOf: 0x7C00)
        case .bfloat16: hasNoElement(UInt16.self, withAllOf: 0x7F80)
        case .int64, .int32, .int16, .int8, .uint8, .bool: true
        }
    }

    /// An exponent of ones is NaN or infinity.
    private func hasNoElement<Bits: FixedWidthInteger>(
        _ type: Bits.Type,
        withAllOf exponent: Bits
    ) -> Bool {
        let size = MemoryLayout<Bits>.size
        return bytes.withUnsafeBytes { raw in
            // Without a way out of the loop the compiler vectorises it.
            var found: Bits = 0
            for index in 0..<count {
                let bits = raw.loadUnaligned(fromByteOffset: index * size, as: Bits.self)
                found |= bits & exponent == exponent ? 1 : 0
            }
            return found == 0
        }
    }
}
