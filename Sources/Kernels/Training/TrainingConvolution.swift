internal import COneDNN
internal import Synchronization
internal import Tensors

/// The sizes of a convolution over channels-last images, enough to run it and both of its gradients.
///
/// Cross-correlation, as in PyTorch. Images are `[N, H, W, C]`, weights `[O, I, kh, kw]`.
public struct ChannelsLastConvolution: Sendable, Hashable {
    /// N.
    public let samples: Int
    /// Height and width of the input.
    public let input: [Int]
    /// I.
    public let inChannels: Int
    /// O.
    public let outChannels: Int
    /// Height and width of the kernel.
    public let kernel: [Int]
    /// The step between outputs.
    public let stride: Int
    /// Zeros above, left, below and right of the input.
    public let padding: [Int]

    /// Collects the sizes.
    public init(
        samples: Int,
        input: [Int],
        inChannels: Int,
        outChannels: Int,
        kernel: [Int],
        stride: Int,
        padding: [Int]
    ) {
        self.samples = samples
        self.input = input
        self.inChannels = inChannels
        self.outChannels = outChannels
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
    }

    /// Height and width of the output.
    public var output: [Int] {
        (0..<2).map { (input[$0] + padding[$0] + padding[$0 + 2] - kernel[$0]) / stride + 1 }
    }
    /// `[N, H, W, I]`.
    public var inputShape: [Int] { [samples] + input + [inChannels] }
    /// `[N, H', W', O]`.
    public var outputShape: [Int] { [samples] + output + [outChannels] }
    /// `[O, I, kh, kw]`.
    public var weightShape: [Int] { [outChannels, inChannels] + kernel }
    /// The elements of one row of the unfolded input.
    var unfoldedWidth: Int { kernel[0] * kernel[1] * inChannels }

    /// Whether oneDNN has a vectorised kernel for channels-last images of these widths.
    var suitsOneDNN: Bool { outChannels % 8 == 0 && (inChannels % 8 == 0 || inChannels == 3) }

    /// Whether it is a product over channels, pixel by pixel.
    var isPointwise: Bool {
        kernel == [1, 1] && stride == 1 && padding.allSatisfy { $0 == 0 }
    }
}

/// The convolutions of training, run by oneDNN, compiled once for each size.
///
/// Unlike `Convolution`, weights change with every step: they are laid out anew by each call.
enum TrainingConvolutions {
    enum Pass: Hashable {
        case forward
        case inputGradient
        case weightGradient
    }

    private struct Key: Hashable {
        let shape: ChannelsLastConvolution
        let pass: Pass
        let precision: Precision
        let threads: Int
    }

    /// The compiled convolutions; bounded, for a process that sees many sizes.
    private static let plans = Mutex<[Key: TrainingPlan]>([:])
    private static let limit = 512

    /// Runs one pass: `a` and `b` give `out`.
    ///
    /// forward: x, weight, y. Input gradient: dy, weight, dx. Weight gradient: x, dy, dweight.
    static func run(
        _ pass: Pass,
        _ shape: ChannelsLastConvolution,
        _ precision: Precision,
        _ a: UnsafePointer<Float>,
        _ b: UnsafePointer<Float>,
        _ out: UnsafeMutablePointer<Float>
    ) {
        let key = Key(
            shape: shape,
            pass: pass,
            precision: precision,
            threads: ThreadPool.threadCount
        )
        plans.withLock { plans in
            if plans.count > limit { plans.removeAll() }
            let plan = plans[key] ?? TrainingPlan(pass, shape, precision)
            plans[key] = plan
            plan.run(a, b, out)
        }
    }
}

/// One pass of a convolution, compiled for one size.
///
/// Unchecked: only ever touched under the lock of `TrainingConvolutions`.
private final class TrainingPlan: @unchecked Sendable {
    private let primitive: DNNPrimitive
    private let roles: [(plain: DNNMemory, packed: DNNMemory, reorder: DNNReorder, code: Int32)]

    init(
        _ pass: TrainingConvolutions.Pass,
        _ shape: ChannelsLastConvolution,
        _ precision: Precision
    ) {
        let native = precision == .bfloat16 ? dnnl_bf16 : dnnl_f32
        let imageSizes = [shape.samples, shape.inChannels] + shape.input
        let mapSizes = [shape.samples, shape.outChannels] + shape.output
        var strides = [dnnl_dim_t](repeating: dnnl_dim_t(shape.stride), count: 2)
        var before = shape.padding[..<2].map { dnnl_dim_t($0) }
        var after = shape.padding[2...].map { dnnl_dim_t($0) }
        // What is read may be bfloat16; sums leave in float32.
        func images(_ reads: Bool) -> dnnl_memory_desc_t {
            OneDNN.descriptor(imageSizes, dnnl_acdb, reads ? native : dnnl_f32)
        }
        func maps(_ reads: Bool) -> dnnl_memory_desc_t {
            OneDNN.descriptor(mapSizes, dnnl_acdb, reads ? native : dnnl_f32)
        }
        func weights(_ reads: Bool) -> dnnl_memory_desc_t {
            OneDNN.descriptor(shape.weightShape, dnnl_format_tag_any, reads ? native : dnnl_f32)
        }
        func primitiveDescriptor(
            _ operation: UnsafeRawPointer,
            hint: dnnl_primitive_desc_t?
        ) -> dnnl_primitive_desc_t {
            var descriptor: dnnl_primitive_desc_t?
            OneDNN.check(
                dnnl_primitive_desc_create(&descriptor, operation, nil, OneDNN.engine, hint),
                "plan a training convolution of \(imageSizes) with \(shape.weightShape)"
            )
            guard let descriptor else { preconditionFailure("oneDNN gave no convolution") }
            return descriptor
        }
        var operation = dnnl_convolution_desc_t()
        var (source, weight, target) = (images(true), weights(true), maps(pass != .forward))
        OneDNN.check(
            dnnl_convolution_forward_desc_init(
                &operation,
                dnnl_forward_training,
                dnnl_convolution_direct,
                &source,
                &weight,
                nil,
                &target,
                &strides,
                &before,
                &after
            ),
            "describe a convolution"
        )
        let forward = primitiveDescriptor(&operation, hint: nil)
        defer { dnnl_primitive_desc_destroy(forward) }
        var chosen = forward
        switch pass {
        case .forward: break
        case .inputGradient:
            source = images(false)
            OneDNN.check(
                dnnl_convolution_backward_data_desc_init(
                    &operation,
                    dnnl_convolution_direct,
                    &source,
                    &weight,
                    &target,
                    &strides,
                    &before,
                    &after
                ),
                "describe a convolution's input gradient"
            )
            chosen = primitiveDescriptor(&operation, hint: forward)
        case .weightGradient:
            weight = weights(false)
            OneDNN.check(
                dnnl_convolution_backward_weights_desc_init(
                    &operation,
                    dnnl_convolution_direct,
                    &source,
                    &weight,
                    nil,
                    &target,
                    &strides,
                    &before,
                    &after
                ),
                "describe a convolution's weight gradient"
            )
            chosen = primitiveDescriptor(&operation, hint: forward)
        }
        defer { if chosen != forward { dnnl_primitive_desc_destroy(chosen) } }
        primitive = DNNPrimitive(chosen)

        let plainImages = OneDNN.descriptor(imageSizes, dnnl_acdb, dnnl_f32)
        let plainMaps = OneDNN.descriptor(mapSizes, dnnl_acdb, dnnl_f32)
        let plainWeights = OneDNN.descriptor(shape.weightShape, dnnl_abcd, dnnl_f32)
        func role(
            _ plain: dnnl_memory_desc_t,
            _ query: dnnl_query_t,
            _ code: Int32,
            writes: Bool = false
        ) -> (DNNMemory, DNNMemory, DNNReorder, Int32) {
            guard let found = dnnl_primitive_desc_query_md(chosen, query, 0) else {
                preconditionFailure("oneDNN names no layout for \(query)")
            }
            let memory = DNNMemory(plain, allocates: false)
            let reorder =
                writes
                ? DNNReorder(from: found.pointee, to: plain)
                : DNNReorder(from: plain, to: found.pointee)
            return (
                memory,
                reorder.isNeeded ? DNNMemory(found.pointee, allocates: false) : memory,
                reorder, code
            )
        }
        roles =
            switch pass {
            case .forward:
                [
                    role(plainImages, dnnl_query_src_md, DNNL_ARG_SRC),
                    role(plainWeights, dnnl_query_weights_md, DNNL_ARG_WEIGHTS),
                    role(plainMaps, dnnl_query_dst_md, DNNL_ARG_DST, writes: true),
                ]
            case .inputGradient:
                [
                    role(plainMaps, dnnl_query_diff_dst_md, DNNL_ARG_DIFF_DST),
                    role(plainWeights, dnnl_query_weights_md, DNNL_ARG_WEIGHTS),
                    role(plainImages, dnnl_query_diff_src_md, DNNL_ARG_DIFF_SRC, writes: true),
                ]
            case .weightGradient:
                [
                    role(plainImages, dnnl_query_src_md, DNNL_ARG_SRC),
                    role(plainMaps, dnnl_query_diff_dst_md, DNNL_ARG_DIFF_DST),
                    role(
                        plainWeights,
                        dnnl_query_diff_weights_md,
                        DNNL_ARG_DIFF_WEIGHTS,
                        writes: true
                    ),
                ]
            }
    }

    func run(
        _ a: UnsafePointer<Float>,
        _ b: UnsafePointer<Float>,
        _ out: UnsafeMutablePointer<Float>
    ) {
        for (role, pointer) in zip(roles, [a, b, UnsafePointer(out)]) {
            role.plain.point(at: pointer)
        }
        let packed = roles.map { role -> UnsafeMutableRawPointer? in
            guard role.reorder.isNeeded else { return nil }
            let memory = UnsafeMutableRawPointer.allocate(
                byteCount: role.packed.byteCount,
                alignment: 64
            )
            role.packed.point(at: memory)
            return memory
        }
        defer { for memory in packed { memory?.deallocate() } }
        for role in roles[..<2] { role.reorder.execute(role.plain, role.packed) }
        primitive.execute(roles.map { ($0.code, $0.packed) })
        roles[2].reorder.execute(roles[2].packed, roles[2].plain)
    }
}
