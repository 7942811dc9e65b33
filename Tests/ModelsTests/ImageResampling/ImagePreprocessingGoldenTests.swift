import Models
import Tensors
import TestSupport
import Testing

/// The images that PyTorch, torchvision and Pillow made, tensor for tensor.
struct ImagePreprocessingGoldenTests {
    private static let reason = "float sums of up to 20 taps; the manifest's tolerance"

    @Test(arguments: try Goldens.cases(number: 4, prefix: "image_preprocess"))
    func goldenPillowPath(golden: GoldenCase) throws {
        let file = try Goldens.io(golden)
        for name in file.names where name.hasPrefix("pil_") && !name.hasSuffix("_input_uint8_CHW") {
            let parts = name.split(separator: "_")
            let side = try #require(Int(parts[2].dropFirst()))
            let input = try bytes("pil_\(parts[1])_input_uint8_CHW", in: file)
            let pixels = interleaved(input)
            let preprocessing = CLIPPreprocessing(resolution: side)
            switch parts.dropFirst(3).joined(separator: "_") {
            case "resized_uint8_HWC":
                expectLevels(preprocessing.resized(pixels), try bytes(name, in: file), name)
            case "cropped_uint8_HWC":
                let cropped = preprocessing.cropped(preprocessing.resized(pixels))
                expectLevels(cropped, try bytes(name, in: file), name)
            case "cropped_uint8_HWC_crop64":
                let cropped = preprocessing.cropped(preprocessing.resized(pixels))
                let crop = window(planar(cropped), rows: 64..<128, columns: 64..<128)
                expectLevels(interleaved(crop), try bytes(name, in: file), name)
            case "output":
                try expect(preprocessing(pixels), equals: name, in: file, golden)
            case "output_crop32":
                let crop = window(preprocessing(pixels), rows: 96..<128, columns: 96..<128)
                try expect(crop, equals: name, in: file, golden)
            default:
                Issue.record("no test for the golden tensor \(name)")
            }
        }
    }

    @Test(arguments: try Goldens.cases(number: 4, prefix: "image_preprocess"))
    func goldenPillowPathOnPlanarPixels(golden: GoldenCase) throws {
        let file = try Goldens.io(golden)
        for name in file.names where name.hasSuffix("_resized_uint8_HWC") {
            let expected = try bytes(name, in: file)
            let input = try bytes("pil_\(name.split(separator: "_")[1])_input_uint8_CHW", in: file)
            let resized = resizePillow(
                input,
                height: expected.shape[0],
                width: expected.shape[1],
                kernel: .bicubic(a: -0.5),
                layout: .planar
            )
            expectLevels(interleaved(resized), expected, name)
        }
    }

    @Test(arguments: try Goldens.cases(number: 4, prefix: "image_preprocess"))
    func goldenTensorPath(golden: GoldenCase) throws {
        let file = try Goldens.io(golden)
        for name in file.names where name.hasPrefix("tensor_") && name.hasSuffix("_input") {
            let stem = name.dropLast("_input".count)
            let side = try #require(Int(stem.split(separator: "_")[2].dropFirst()))
            let images = try Goldens.tensor(name, in: file).float
            let preprocessing = CLIPPreprocessing(resolution: side)
            try expect(preprocessing.resized(images), equals: "\(stem)_resized", in: file, golden)
            try expect(preprocessing(images), equals: "\(stem)_output", in: file, golden)
        }
    }

    @Test(arguments: try Goldens.cases(number: 4, prefix: "image_preprocess"))
    func goldenPlainBicubic(golden: GoldenCase) throws {
        let file = try Goldens.io(golden)
        for name in file.names where name.hasPrefix("bicubic_plain_to_") {
            let input = try Goldens.tensor("bicubic_plain_input", in: file).float
            let shape = try Goldens.tensor(name, in: file).shape
            let resized = resizeBicubicPlain(input, height: shape[2], width: shape[3])
            try expect(resized, equals: name, in: file, golden)
        }
    }

    @Test(arguments: try Goldens.cases(number: 4, prefix: "image_preprocess"))
    func goldenSpliceTransform(golden: GoldenCase) throws {
        let file = try Goldens.io(golden)
        let preprocessing = SplicePreprocessing()
        if let input = file.raw("splice_transform_input") {
            let output = preprocessing(input.float)
            let size = try Goldens.tensor("splice_transform_output_size", in: file)
            #expect(output.shape == size.integers)
            let crop = window(output, rows: 100..<148, columns: 100..<148)
            try expect(crop, equals: "splice_transform_output_crop", in: file, golden)
            let width = output.shape[2]
            let corner = window(output, rows: 0..<16, columns: width - 16..<width)
            try expect(corner, equals: "splice_transform_output_corner", in: file, golden)
        }
        if file.raw("splice_transform_down_input_uint8") != nil {
            let pixels = try bytes("splice_transform_down_input_uint8", in: file)
            let output = preprocessing(fractions(of: interleaved(pixels)))
            let crop = window(output, rows: 100..<132, columns: 150..<182)
            try expect(crop, equals: "splice_transform_down_output_crop", in: file, golden)
        }
    }

    @Test(arguments: try Goldens.cases(number: 4, prefix: "image_preprocess"))
    func goldenDatasetResize(golden: GoldenCase) throws {
        let file = try Goldens.io(golden)
        for name in file.names where name.hasPrefix("dataset_resize_") {
            let shape = try Goldens.tensor(name, in: file).shape
            let pixels = try bytes("dataset_pil_input_uint8_HWC", in: file)
            let frame = datasetFrame(pixels, height: shape[1], width: shape[2])
            try expect(frame, equals: name, in: file, golden)
        }
    }

    private func expect(
        _ actual: Tensor<Float>,
        equals name: String,
        in file: SafetensorsFile,
        _ golden: GoldenCase
    ) throws {
        expectClose(
            actual,
            try Goldens.tensor(name, in: file).float,
            abs: golden.absolute("float_abs", default: 2e-5),
            because: Self.reason,
            name: name
        )
    }

    /// The manifest allows one level on 0.5 % of the values; Pillow's integers leave no reason for any.
    private func expectLevels(_ actual: Tensor<UInt8>, _ expected: Tensor<UInt8>, _ name: String) {
        #expect(actual.shape == expected.shape, "\(name)")
        let differing = zip(actual.scalars, expected.scalars).count { $0 != $1 }
        #expect(differing == 0, "\(name): \(differing) of \(expected.count) bytes differ")
    }

    private func bytes(_ name: String, in file: SafetensorsFile) throws -> Tensor<UInt8> {
        let raw = try Goldens.tensor(name, in: file)
        return Tensor(shape: raw.shape, scalars: Array(raw.bytes))
    }
}

/// Rows and columns of `[C, H, W]`.
private func window<Scalar>(
    _ image: Tensor<Scalar>,
    rows: Range<Int>,
    columns: Range<Int>
) -> Tensor<Scalar> {
    let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    let scalars = (0..<channels).flatMap { channel in
        rows.flatMap { row in
            columns.map { image.scalars[(channel * height + row) * width + $0] }
        }
    }
    return Tensor(shape: [channels, rows.count, columns.count], scalars: scalars)
}

/// `[C, H, W]` to `[H, W, C]`.
private func interleaved(_ image: Tensor<UInt8>) -> Tensor<UInt8> {
    let (channels, area) = (image.shape[0], image.shape[1] * image.shape[2])
    let scalars = (0..<area).flatMap { position in
        (0..<channels).map { image.scalars[$0 * area + position] }
    }
    return Tensor(shape: [image.shape[1], image.shape[2], channels], scalars: scalars)
}

/// `[H, W, C]` to `[C, H, W]`.
private func planar(_ image: Tensor<UInt8>) -> Tensor<UInt8> {
    let (area, channels) = (image.shape[0] * image.shape[1], image.shape[2])
    let scalars = (0..<channels).flatMap { channel in
        (0..<area).map { image.scalars[$0 * channels + channel] }
    }
    return Tensor(shape: [channels, image.shape[0], image.shape[1]], scalars: scalars)
}
