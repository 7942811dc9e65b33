import CheckpointFixtures
import Foundation
import Packs
import Tensors
import Testing

struct TorchArchiveTests {
    private func archive(
        folder: String = "model/",
        zip: ZipBuilder = ZipBuilder(),
        _ value: (inout PickleBuilder) -> Void
    ) throws -> TorchArchive {
        let pickle = PickleBuilder.dictionary("a", value)
        return try TorchArchive(path: "test.pt", data: torchFile(pickle, folder: folder, zip: zip))
    }

    private func floats(_ archive: TorchArchive, _ name: String) -> [Float]? {
        archive.raw(name)?.float.scalars
    }

    @Test(arguments: ["model/", "", "some/deep/folder/"], [false, true])
    func theFolderInTheArchiveMayBeAny(folder: String, isZip64: Bool) throws {
        let archive = try archive(folder: folder, zip: ZipBuilder(isZip64: isZip64)) {
            $0.tensor(count: 12, offset: 2, sizes: [2, 3], strides: [3, 1])
        }
        #expect(archive.names == ["a"])
        #expect(archive.raw("a")?.shape == [2, 3])
        #expect(floats(archive, "a") == [2, 3, 4, 5, 6, 7])
    }

    @Test func stridesAreFollowed() throws {
        let transposed = try archive { $0.tensor(count: 12, sizes: [3, 2], strides: [1, 3]) }
        #expect(floats(transposed, "a") == [0, 3, 1, 4, 2, 5])
        let expanded = try archive {
            $0.tensor(count: 12, offset: 7, sizes: [2, 2], strides: [0, 1])
        }
        #expect(floats(expanded, "a") == [7, 8, 7, 8])
        let strided = try archive { $0.tensor(count: 12, offset: 1, sizes: [4], strides: [3]) }
        #expect(floats(strided, "a") == [1, 4, 7, 10])
        let single = try archive { $0.tensor(count: 12, offset: 11, sizes: [], strides: []) }
        #expect(floats(single, "a") == [11])
        let empty = try archive {
            $0.tensor(count: 12, offset: 12, sizes: [0, 5], strides: [5, 1])
        }
        #expect(empty.raw("a")?.count == 0)
        // The stride of an axis of one element says nothing.
        let single2 = try archive { $0.tensor(count: 12, sizes: [1, 4], strides: [99, 1]) }
        #expect(floats(single2, "a") == [0, 1, 2, 3])
    }

    @Test(
        arguments: zip(
            [
                "Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte",
                "Bool",
            ],
            [
                DType.float64, .float32, .float16, .bfloat16, .int64, .int32, .int16, .int8,
                .uint8, .bool,
            ]
        )
    )
    func storagesHaveTheirElementType(type: String, dtype: DType) throws {
        let archive = try archive {
            $0.tensor(type: "\(type)Storage", count: 6, sizes: [6], strides: [1])
        }
        #expect(archive.layout("a") == TensorLayout(dtype: dtype, shape: [6]))
        #expect(archive.raw("a")?.bytes.count == 6 * dtype.byteCount)
    }

    @Test func tensorsOfUntypedStoragesNameTheirElementType() throws {
        // _rebuild_tensor_v3(storage, offset, sizes, strides, False, {}, torch.int16)
        func open(_ dtype: String) throws -> TorchArchive {
            try archive { pickle in
                pickle.global("torch._utils", "_rebuild_tensor_v3")
                pickle.code("(")
                pickle.storage(type: "UntypedStorage", count: 48)
                pickle.integer(2)
                pickle.tuple([3])
                pickle.tuple([1])
                pickle.raw([0x89])
                pickle.code("}")
                pickle.global("torch", dtype)
                pickle.code("t")
                pickle.code("R")
            }
        }
        #expect(try open("int16").layout("a") == TensorLayout(dtype: .int16, shape: [3]))
        // Element 2 of 16 bits is the lower half of the float 1.
        #expect(try open("int16").raw("a")?.integers == [0, 0x3F80, 0])
        // An element type that is unknown leaves an object, which is shown.
        let unknown = try open("uint32")
        #expect(unknown.names.isEmpty && unknown.placeholders == ["torch.uint32"])
        #expect(unknown.unread == [UnreadTensor(name: "a", type: "uint32")])
    }

    @Test func tensorsShareTheirStorage() throws {
        let archive = try archive { pickle in
            pickle.code("(")
            pickle.tensor(count: 12, sizes: [12], strides: [1])
            pickle.tensor(count: 12, offset: 6, sizes: [2], strides: [1])
            pickle.code("t")
        }
        #expect(floats(archive, "a.1") == [6, 7])
        #expect(floats(archive, "a.0")?.count == 12)
    }

    @Test func namesJoinKeysPositionsAndAttributes() throws {
        // {"a": [parameter, Module(_modules={"conv": Module(_parameters={"weight": tensor})})]}
        let archive = try archive { pickle in
            pickle.code("]")
            pickle.code("(")
            pickle.global("torch._utils", "_rebuild_parameter")
            pickle.code("(")
            pickle.tensor(count: 12, sizes: [1], strides: [1])
            pickle.raw([0x88])
            pickle.raw([0x89])
            pickle.code("t")
            pickle.code("R")
            for (attribute, key) in [("_modules", "conv"), ("_parameters", "weight")] {
                pickle.global("my.models", "Module")
                pickle.code(")")
                pickle.raw([0x81])
                pickle.code("}")
                pickle.string(attribute)
                pickle.code("}")
                pickle.string(key)
            }
            pickle.tensor(count: 12, offset: 5, sizes: [1], strides: [1])
            for _ in 0..<2 {
                pickle.code("s")
                pickle.code("s")
                pickle.code("b")
            }
            pickle.code("e")
        }
        #expect(archive.names == ["a.0", "a.1.conv.weight"])
        #expect(floats(archive, "a.1.conv.weight") == [5])
        #expect(Weights(archive, prefix: "a.1.").has("conv.weight"))
    }

    @Test func unknownClassesStayInert() throws {
        // argparse.Namespace(lr=3), as pSp stores its options.
        let archive = try archive { pickle in
            pickle.global("argparse", "Namespace")
            pickle.code(")")
            pickle.raw([0x81])
            pickle.code("}")
            pickle.string("lr")
            pickle.integer(3)
            pickle.code("s")
            pickle.code("b")
        }
        #expect(archive.names.isEmpty)
        #expect(archive.value["a"]?["lr"]?.integer == 3)
        guard case .object(let object)? = archive.value["a"] else {
            Issue.record("the options are no object")
            return
        }
        #expect(object.type == "argparse.Namespace")
    }

    @Test func checkpointsAreKnownByTheirContent() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("checkpoint-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("weights").path
        let tensor = RawTensor(Tensor<Float>(shape: [2], scalars: [1, 2]))
        let contents: [(data: Data, isReadable: Bool)] = [
            (try SafetensorsFile.encode(["x": tensor]), true),
            (torchFile(PickleBuilder.dictionary("a") { $0.integer(1) }), true),
            (Data([0x80, 2, UInt8(ascii: "}"), UInt8(ascii: ".")]), true),
            (Data("no weights at all".utf8), false),
            (Data(), false),
        ]
        for (data, isReadable) in contents {
            try data.write(to: URL(fileURLWithPath: path))
            let opened = try? Checkpoint.open(path: path)
            #expect((opened != nil) == isReadable)
        }
        #expect(throws: CheckpointError.self) { try Checkpoint.open(path: path + ".missing") }
    }

    /// Lightning keeps options in a kind of dictionary of its own.
    @Test func optionsInAKindOfDictionaryAreFound() throws {
        let archive = try archive { pickle in
            pickle.global("pytorch_lightning.utilities.parsing", "AttributeDict")
            pickle.code(")")
            pickle.raw([0x81])
            pickle.code("(")
            pickle.string("video_length")
            pickle.integer(50)
            pickle.code("u")
        }
        #expect(archive.value["a"]?["video_length"]?.integer == 50)
    }
}
