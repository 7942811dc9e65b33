internal import COneDNN
internal import Tensors

/// One convolution compiled for one input shape, with its weights in the layout it prefers.
///
/// Unchecked: its memory objects are pointed at new data on every run, so a plan is only ever touched
/// under the mutex of the `Convolution` that owns it and never leaves it.
final class ConvolutionPlan: @unchecked Sendable {
    private let primitive: DNNPrimitive
    private let source: DNNMemory
    private let destination: DNNMemory
    private let packedSource: DNNMemory
    private let packedDestination: DNNMemory
    private let weights: DNNMemory
    private let bias: DNNMemory?
    private let reorderIn: DNNReorder
    private let reorderOut: DNNReorder

    /// Compiles a convolution (`weights [O, I, k, k]`) or a transposed one (`weights [O, I, k, k]` too).
    ///
    /// Weights and bias are taken from `others`, plans of the same convolution, if one has them in the
    /// layout that this plan wants; without plain weights they are brought into it from another's.
    init(
        geometry: ConvolutionGeometry,
        input: [Int],
        output: [Int],
        weights plainWeights: Tensor<Float>?,
        bias plainBias: Tensor<Float>?,
        sharing others: [ConvolutionPlan]
    ) {
        let free = dnnl_format_tag_any
        let weightShape = geometry.weightShape
        var sourceAny = OneDNN.descriptor(input, free)
        var weightsAny = OneDNN.descriptor(weightShape, free)
        var outputAny = OneDNN.descriptor(output, free)
        let biasPlain = UnsafeMutablePointer<dnnl_memory_desc_t>.allocate(capacity: 1)
        defer { biasPlain.deallocate() }
        biasPlain.initialize(to: OneDNN.descriptor([geometry.outChannels], dnnl_a))
        let strides = [dnnl_dim_t](repeating: dnnl_dim_t(geometry.stride), count: 2)
        let padding = [dnnl_dim_t](repeating: dnnl_dim_t(geometry.padding), count: 2)

        var descriptor: dnnl_primitive_desc_t?
        func create(_ operation: UnsafeRawPointer) {
            OneDNN.check(
                dnnl_primitive_desc_create(&descriptor, operation, nil, OneDNN.engine, nil),
                "plan a convolution of \(input) with \(weightShape)"
            )
        }
        if geometry.isTransposed {
            var operation = dnnl_deconvolution_desc_t()
            OneDNN.check(
                dnnl_deconvolution_forward_desc_init(
                    &operation,
                    dnnl_forward_inference,
                    dnnl_deconvolution_direct,
                    &sourceAny,
                    &weightsAny,
                    plainBias == nil ? nil : biasPlain,
                    &outputAny,
                    strides,
                    padding,
                    padding
                ),
                "describe a transposed convolution"
            )
            create(&operation)
        } else {
            var operation = dnnl_convolution_desc_t()
            OneDNN.check(
                dnnl_convolution_forward_desc_init(
                    &operation,
                    dnnl_forward_inference,
                    dnnl_convolution_auto,
                    &sourceAny,
                    &weightsAny,
                    plainBias == nil ? nil : biasPlain,
                    &outputAny,
                    strides,
                    padding,
                    padding
                ),
                "describe a convolution"
            )
            create(&operation)
        }
        guard let descriptor else { preconditionFailure("oneDNN gave no convolution") }
        defer { dnnl_primitive_desc_destroy(descriptor) }
        func chosen(_ query: dnnl_query_t) -> dnnl_memory_desc_t {
            guard let found = dnnl_primitive_desc_query_md(descriptor, query, 0) else {
                preconditionFailure("oneDNN names no layout for \(query)")
            }
            return found.pointee
        }

        primitive = DNNPrimitive(descriptor)
        source = DNNMemory(OneDNN.descriptor(input, dnnl_abcd), allocates: false)
        destination = DNNMemory(OneDNN.descriptor(output, dnnl_abcd), allocates: false)
        reorderIn = DNNReorder(from: source.descriptor, to: chosen(dnnl_query_src_md))
        reorderOut = DNNReorder(from: chosen(dnnl_query_dst_md), to: destination.descriptor)
        packedSource =
            reorderIn.isNeeded
            ? DNNMemory(chosen(dnnl_query_src_md), allocates: false) : source
        packedDestination =
            reorderOut.isNeeded
            ? DNNMemory(chosen(dnnl_query_dst_md), allocates: false) : destination

        let layout = chosen(dnnl_query_weights_md)
        let packed = others.map(\.weights)
        if let same = packed.first(where: { $0.hasLayout(layout) }) {
            weights = same
        } else if let plainWeights {
            weights = DNNMemory(
                packing: plainWeights,
                OneDNN.descriptor(weightShape, dnnl_abcd),
                as: layout
            )
        } else {
            guard let other = packed.first(where: \.canBeRepacked) else {
                preconditionFailure("a convolution \(weightShape) lost its weights")
            }
            weights = DNNMemory(repacking: other, as: layout)
        }
        bias = plainBias.map { plain in
            others.lazy.compactMap(\.bias).first
                ?? DNNMemory(packing: plain, biasPlain.pointee, as: biasPlain.pointee)
        }
    }

    /// Tells packed weights apart from those of other plans.
    var packedWeights: ObjectIdentifier { ObjectIdentifier(weights) }

    /// Whether plans with another layout can be made of this one's weights.
    var canBeRepacked: Bool { weights.canBeRepacked }

    func run(_ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
        source.point(at: input)
        destination.point(at: output)
        Scratch.withShared { scratch in
            if reorderIn.isNeeded {
                packedSource.point(at: scratch.source.reserve(packedSource.byteCount))
            }
            if reorderOut.isNeeded {
                packedDestination.point(
                    at: scratch.destination.reserve(packedDestination.byteCount)
                )
            }
            execute()
        }
    }

    private func execute() {
        reorderIn.execute(source, packedSource)
        var arguments = [
            (DNNL_ARG_SRC, packedSource), (DNNL_ARG_WEIGHTS, weights),
            (DNNL_ARG_DST, packedDestination),
        ]
        if let bias { arguments.append((DNNL_ARG_BIAS, bias)) }
        primitive.execute(arguments)
        reorderOut.execute(packedDestination, destination)
    }
}
