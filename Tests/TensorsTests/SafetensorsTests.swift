import Foundation
import Tensors
import Testing

/// Reading and refusing safetensors files.
struct SafetensorsTests {
    @Test func everyTypeComesBack() throws {
        let tensors = [
            "a": RawTensor(
                Tensor<Float>(shape: [2, 2], scalars: [1, -2, 0.5, .greatestFiniteMagnitude])
            ),
            "b": RawTensor(Tensor<Double>(shape: [], scalars: [.pi])),
            "half": RawTensor(dtype: .float16, shape: [1], bytes: Data([0x00, 0x3C])),
            "brain": RawTensor(dtype: .bfloat16, shape: [1], bytes: Data([0x80, 0x3F])),
            "empty": RawTensor(Tensor<Float>(shape: [0, 3], scalars: [])),
        ]
        let data = try SafetensorsFile.encode(tensors, metadata: ["made": "here"])
        let file = try SafetensorsFile(path: "memory", data: data)
        #expect(file.names == ["a", "b", "brain", "empty", "half"])
        #expect(file.metadata == ["made": "here"])
        #expect(file.raw("a")?.float.scalars == [1, -2, 0.5, .greatestFiniteMagnitude])
        #expect(file.raw("b")?.double.scalars == [.pi])
        #expect(file.raw("half")?.float.scalars == [1])
        #expect(file.raw("brain")?.float.scalars == [1])
        #expect(file.raw("empty")?.shape == [0, 3])
    }

    @Test(arguments: [
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
        #"{"a":7}"#, "[]", "{", "",
        // Two names that are one, spelt alike and with an escape.
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}"#,
        #"{"__metadata__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#,
        String(repeating: "[", count: 100_000), #"{"a":"# + String(repeating: "[", count: 100_000),
        String(repeating: " ", count: 1000),
    ])
    func aHeaderThatLiesIsRefused(header: String) {
        var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        data.append(Data(header.utf8))
        data.append(Data(count: 4))
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: "lie", data: data) }
    }

    @Test func aHeaderLongerThanTheFileIsRefused() {
        #expect(throws: SafetensorsError.self) {
            try SafetensorsFile(path: "long", data: Data(repeating: 0xFF, count: 64))
        }
        #expect(throws: SafetensorsError.self) {
            try SafetensorsFile(path: "short", data: Data([1, 2, 3]))
        }
    }

    @Test func aMissingTensorIsNamedWithFileAndShape() throws {
        let data = try SafetensorsFile.encode([
            "x.weight": RawTensor(Tensor<Float>(shape: [2], scalars: [1, 2]))
        ])
        let weights = Weights(try SafetensorsFile(path: "net.safetensors", data: data))
        let missing = #expect(throws: WeightError.self) { try weights.float("y.weight", [3, 4]) }
        #expect(missing?.description.contains("y.weight") == true)
        #expect(missing?.description.contains("[3, 4]") == true)
        let other = #expect(throws: WeightError.self) { try weights.float("x.weight", [3]) }
        #expect(other?.description.contains("is [2], expected [3]") == true)
    }
}
