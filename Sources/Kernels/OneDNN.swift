internal import CKernels
internal import COneDNN
internal import Tensors

/// The oneDNN engine and the small pieces that every primitive needs.
///
/// Engine and stream are made once; oneDNN's CPU engine and in-order CPU stream carry no state between
/// executions, and the library documents primitives as safe to execute from several threads when each
/// brings its own memory objects.
enum OneDNN {
    /// A failed oneDNN call: always a bug of ours or a machine without memory, never of the input.
    static func check(_ status: dnnl_status_t, _ doing: String) {
        precondition(status == dnnl_success, "oneDNN could not \(doing): status \(status.rawValue)")
    }

    nonisolated(unsafe) static let engine: dnnl_engine_t = {
        ck_prepare_process()
        var engine: dnnl_engine_t?
        check(dnnl_engine_create(&engine, dnnl_cpu, 0), "create an engine")
        guard let engine else { preconditionFailure("oneDNN gave no engine") }
        return engine
    }()

    nonisolated(unsafe) static let stream: dnnl_stream_t = {
        var stream: dnnl_stream_t?
        check(
            dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue),
            "create a stream"
        )
        guard let stream else { preconditionFailure("oneDNN gave no stream") }
        return stream
    }()

    /// A memory descriptor in a plain or free layout.
    static func descriptor(
        _ shape: [Int],
        _ tag: dnnl_format_tag_t,
        _ type: dnnl_data_type_t = dnnl_f32
    ) -> dnnl_memory_desc_t {
        var descriptor = dnnl_memory_desc_t()
        let dims = shape.map { dnnl_dim_t($0) }
        check(
            dnnl_memory_desc_init_by_tag(
                &descriptor,
                Int32(shape.count),
                dims,
                type,
                tag
            ),
            "describe memory of shape \(shape)"
        )
        return descriptor
    }
}

/// A oneDNN memory object, either over its own storage or over a pointer set before each use.
final class DNNMemory {
    let handle: dnnl_memory_t
    let descriptor: dnnl_memory_desc_t

    /// Makes a memory object; it owns its storage if `allocates`.
    init(_ descriptor: dnnl_memory_desc_t, allocates: Bool) {
        var descriptor = descriptor
        var handle: dnnl_memory_t?
        // DNNL_MEMORY_ALLOCATE is the pointer with all bits set; null is DNNL_MEMORY_NONE.
        let storage = allocates ? UnsafeMutableRawPointer(bitPattern: -1) : nil
        OneDNN.check(
            dnnl_memory_create(&handle, &descriptor, OneDNN.engine, storage),
            "create memory"
        )
        guard let handle else { preconditionFailure("oneDNN gave no memory") }
        self.handle = handle
        self.descriptor = descriptor
    }

    func point(at pointer: UnsafeRawPointer) {
        OneDNN.check(
            dnnl_memory_set_data_handle(handle, UnsafeMutableRawPointer(mutating: pointer)),
            "set a data handle"
        )
    }

    var byteCount: Int {
        var descriptor = descriptor
        return Int(dnnl_memory_desc_get_size(&descriptor))
    }

    /// Copies constant elements into a layout, once.
    convenience init(
        packing plain: Tensor<Float>,
        _ plainDescriptor: dnnl_memory_desc_t,
        as layout: dnnl_memory_desc_t
    ) {
        self.init(layout, allocates: true)
        plain.scalars.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            let reorder = DNNReorder(from: plainDescriptor, to: layout)
            if reorder.isNeeded {
                let source = DNNMemory(plainDescriptor, allocates: false)
                source.point(at: start)
                reorder.execute(source, self)
            } else {
                var storage: UnsafeMutableRawPointer?
                OneDNN.check(dnnl_memory_get_data_handle(handle, &storage), "find own memory")
                storage?.copyMemory(from: start, byteCount: bytes.count)
            }
        }
    }

    /// Copies the elements of another memory object into a layout.
    convenience init(repacking other: DNNMemory, as layout: dnnl_memory_desc_t) {
        self.init(layout, allocates: true)
        DNNReorder(from: other.descriptor, to: layout).execute(other, self)
    }

    /// Whether the elements lie there as they are, in some order; transformed ones do not come back.
    var canBeRepacked: Bool { descriptor.format_kind == dnnl_blocked }

    func hasLayout(_ other: dnnl_memory_desc_t) -> Bool {
        var (mine, other) = (descriptor, other)
        return dnnl_memory_desc_equal(&mine, &other) != 0
    }

    deinit { dnnl_memory_destroy(handle) }
}

/// A compiled primitive.
final class DNNPrimitive {
    private let handle: dnnl_primitive_t

    init(_ descriptor: dnnl_primitive_desc_t) {
        var handle: dnnl_primitive_t?
        OneDNN.check(dnnl_primitive_create(&handle, descriptor), "create a primitive")
        guard let handle else { preconditionFailure("oneDNN gave no primitive") }
        self.handle = handle
    }

    func execute(_ arguments: [(Int32, DNNMemory)]) {
        let list = arguments.map { dnnl_exec_arg_t(arg: $0.0, memory: $0.1.handle) }
        OneDNN.check(
            dnnl_primitive_execute(handle, OneDNN.stream, Int32(list.count), list),
            "execute a primitive"
        )
        OneDNN.check(dnnl_stream_wait(OneDNN.stream), "wait")
    }

    deinit { dnnl_primitive_destroy(handle) }
}

/// A copy from one layout to another, or nothing if they are equal.
final class DNNReorder {
    private let primitive: DNNPrimitive?

    init(from source: dnnl_memory_desc_t, to target: dnnl_memory_desc_t) {
        var source = source
        var target = target
        if dnnl_memory_desc_equal(&source, &target) != 0 {
            primitive = nil
            return
        }
        var descriptor: dnnl_primitive_desc_t?
        OneDNN.check(
            dnnl_reorder_primitive_desc_create(
                &descriptor,
                &source,
                OneDNN.engine,
                &target,
                OneDNN.engine,
                nil
            ),
            "describe a reorder"
        )
        guard let descriptor else { preconditionFailure("oneDNN gave no reorder") }
        defer { dnnl_primitive_desc_destroy(descriptor) }
        primitive = DNNPrimitive(descriptor)
    }

    var isNeeded: Bool { primitive != nil }

    func execute(_ source: DNNMemory, _ target: DNNMemory) {
        primitive?.execute([(DNNL_ARG_FROM, source), (DNNL_ARG_TO, target)])
    }
}
