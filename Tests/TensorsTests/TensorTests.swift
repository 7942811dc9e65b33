import Tensors
import Testing

/// What every operation on a tensor does to shape and order.
struct TensorTests {
    private let counting = Tensor<Float>(shape: [3, 2, 2], scalars: (0..<12).map(Float.init))

    @Test func anIndexCopiesOneEntry() {
        #expect(counting[1] == Tensor(shape: [2, 2], scalars: [4, 5, 6, 7]))
        #expect(counting[1][0] == Tensor(shape: [2], scalars: [4, 5]))
        #expect(counting[2][1][1] == Tensor(shape: [], scalars: [11]))
    }

    @Test func aRangeCopiesARunOfEntries() {
        #expect(counting[1..<3].shape == [2, 2, 2])
        #expect(counting[1..<3].scalars == [4, 5, 6, 7, 8, 9, 10, 11])
        #expect(counting[1..<1] == Tensor(repeating: 0, shape: [0, 2, 2]))
        let none = Tensor<Float>(repeating: 0, shape: [0, 2])
        #expect(none[0..<0] == none)
    }

    @Test func changingACopyLeavesTheOriginal() {
        var copy = counting
        copy.scalars[0] = 99
        #expect(counting.scalars[0] == 0)
    }

    @Test func stackAddsAnAxis() {
        let parts = (0..<3).map { counting[$0] }
        #expect(Tensor.stack(parts) == counting)
        #expect(Tensor.stack([counting]).shape == [1, 3, 2, 2])
    }

    @Test func concatenateJoinsTheFirstAxis() {
        #expect(
            Tensor.concatenate([counting[0..<1], counting[1..<1], counting[1..<3]]) == counting
        )
    }

    @Test func reshapingKeepsTheOrder() {
        #expect(counting.reshaped([12]).scalars == counting.scalars)
        #expect(counting.reshaped([4, 3])[1].scalars == [3, 4, 5])
    }

    @Test func meanOverFirstAxisAveragesEachColumn() {
        #expect(counting.meanOverFirstAxis == Tensor(shape: [2, 2], scalars: [4, 5, 6, 7]))
        #expect(counting[0..<1].meanOverFirstAxis == counting[0])
        #expect(counting.widened.meanOverFirstAxis.scalars == [4, 5, 6, 7])
        let empty = Tensor<Float>(repeating: 0, shape: [3, 0])
        #expect(empty.meanOverFirstAxis.shape == [0])
    }

    @Test func sumsAreElementwise() {
        #expect(counting + counting == counting.map { $0 * 2 })
        let empty = Tensor<Float>(repeating: 0, shape: [0, 4])
        #expect(empty + empty == empty)
    }

    @Test func widthsConvertBothWays() {
        #expect(counting.widened.narrowed == counting)
        #expect(Tensor<Double>(shape: [1], scalars: [1e300]).narrowed.scalars == [.infinity])
    }

    @Test func finitenessSeesEveryElement() {
        #expect(counting.isFinite)
        for bad in [Float.nan, .infinity, -.infinity] {
            var broken = counting
            broken.scalars[11] = bad
            #expect(!broken.isFinite)
        }
    }
}
