import Foundation
import Media
import Testing

@Suite struct FrameRateTests {
    @Test(arguments: [
        (25.0, "25"), (29.97, "30000/1001"), (23.976, "24000/1001"), (12.5, "25/2"), (60, "60"),
    ])
    func decimalsBecomeTheUsualFractions(perSecond: Double, text: String) {
        #expect(FrameRate(perSecond: perSecond)?.description == text)
    }

    @Test func impossibleRatesAreRefused() {
        for value in [0, -1, Double.nan, .infinity] { #expect(FrameRate(perSecond: value) == nil) }
        #expect(FrameRate(0) == nil && FrameRate(25, over: 0) == nil)
        let bytes = Data(#"{"numerator": 25, "denominator": 0}"#.utf8)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(FrameRate.self, from: bytes)
        }
    }
}
