//! Every real month that is at hand, against what is known about it: digest, rows, rows that pass, first and last
//! pickup, and the reasons for which the others do not. Skipped, loudly, where the real files are absent.

#![allow(clippy::disallowed_methods, reason = "a test of files reads files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::io::Write as _;
use std::path::PathBuf;

use curbside_tlc::{DATA_VARIABLE, DropReason, Filter, ReadOptions, RideReader, data_dir, read_month};

/// What is known about one file.
struct Known {
    file: &'static str,
    bytes: u64,
    rows: u64,
    /// Rows of 1 to 60 minutes.
    within_duration: u64,
    /// Of those, rows whose pickup is in the month of the name.
    within_month: u64,
    first_pickup: &'static str,
    last_pickup: &'static str,
    sha256: &'static str,
}

/// Rows of a green month that the duration rules out: shorter than a minute (negative ones included), longer than
/// an hour, negative.
struct KnownDurations {
    file: &'static str,
    short: u64,
    long: u64,
    negative: u64,
}

/// The folder of real files; where there is none, says so past the test harness, which hides the rest of the output.
fn data_or_skip() -> Option<PathBuf> {
    let folder = data_dir();
    if folder.is_none() {
        let note = format!("SKIPPED: no real TLC files; set {DATA_VARIABLE} to their folder to test against them\n");
        std::io::stderr().write_all(note.as_bytes()).unwrap();
    }
    folder
}

#[test]
fn every_published_month_reads_as_it_is_known() {
    let Some(folder) = data_or_skip() else { return };
    let mut wrong = Vec::new();
    for known in KNOWN {
        let month = match read_month(&folder.join(known.file), &ReadOptions::default()) {
            Ok(month) => month,
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        let (kept, report) = Filter::training(month.month).apply(month.rides.iter().copied());
        let pickups = || month.rides.iter().map(|ride| ride.pickup);
        let outside_month = report.dropped_for(DropReason::OutsideMonth);
        let found = (
            (month.sha256.as_str(), month.bytes, month.report.rows, month.report.rides),
            (report.within_duration(), report.within_duration() - outside_month),
            (pickups().min().unwrap().to_string(), pickups().max().unwrap().to_string()),
            kept.len() as u64,
            report.dropped_for(DropReason::UnknownZone),
        );
        let expected = (
            (known.sha256, known.bytes, known.rows, known.rows),
            (known.within_duration, known.within_month),
            (known.first_pickup.to_owned(), known.last_pickup.to_owned()),
            known.within_month - report.dropped_for(DropReason::ImpossibleDistance),
            0,
        );
        if found != expected {
            wrong.push(format!("{}:\nfound    {found:?}\nexpected {expected:?}\n{report}", known.file));
        }
        let durations = DURATIONS.iter().find(|durations| durations.file == known.file);
        if let Some(KnownDurations { short, long, negative, .. }) = durations {
            let expected = (*short - *negative, *long, *negative);
            let reasons = [DropReason::TooShort, DropReason::TooLong, DropReason::NegativeDuration];
            let [short, long, negative] = reasons.map(|reason| report.dropped_for(reason));
            if (short, long, negative) != expected {
                wrong.push(format!("{}: durations {expected:?} expected\n{report}", known.file));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn batches_make_up_the_month() {
    let Some(folder) = data_or_skip() else { return };
    for file in ["green_tripdata_2021-02.parquet", "green_tripdata_2020-04.csv.gz"] {
        let path = folder.join(file);
        let whole = read_month(&path, &ReadOptions::default()).unwrap();
        let options = ReadOptions { batch_rows: 1000, ..ReadOptions::default() };
        let batches: Vec<_> = RideReader::open(&path, &options).unwrap().map(Result::unwrap).collect();
        assert!(batches.iter().all(|batch| batch.rides.len() <= 1000), "{file}");
        let rides: Vec<_> = batches.into_iter().flat_map(|batch| batch.rides).collect();
        assert!(rides.iter().zip(0..).all(|(ride, row)| ride.row == row), "{file}");
        assert_eq!(rides, whole.rides, "{file}");
    }
}

/// From the notes that come with the files.
#[rustfmt::skip]
const KNOWN: &[Known] = &[
    Known { file: "green_tripdata_2021-01.parquet", bytes: 1_333_519, rows: 76_518, within_duration: 73_908, within_month: 73_906, first_pickup: "2009-01-01 00:03:25", last_pickup: "2021-01-31 23:46:45",
        sha256: "b8e2c9496c5eada0f10adbd88f98d91721ec6fe2787a2b355cf0ccfa9678ee7b" },
    Known { file: "green_tripdata_2021-02.parquet", bytes: 1_145_679, rows: 64_572, within_duration: 61_921, within_month: 61_920, first_pickup: "2009-01-01 00:47:49", last_pickup: "2021-03-01 19:03:28",
        sha256: "fd43c7afa2002716c8afadfd57665ab9c9ad99be419570a9b0a08de15cbeb64e" },
    Known { file: "green_tripdata_2021-03.parquet", bytes: 1_474_538, rows: 83_827, within_duration: 80_372, within_month: 80_372, first_pickup: "2021-03-01 00:00:12", last_pickup: "2021-03-31 23:59:21",
        sha256: "78847a2e0ccb58202eef3337903e696317656815f50423733ad3099dabc58a9d" },
    Known { file: "green_tripdata_2021-04.parquet", bytes: 1_534_964, rows: 86_941, within_duration: 82_750, within_month: 82_738, first_pickup: "2009-01-01 00:05:38", last_pickup: "2021-05-02 10:51:33",
        sha256: "97fe4a2885411d52f63fd1b276ec115e84338e33719824c28d933088d86f1131" },
    Known { file: "green_tripdata_2022-01.parquet", bytes: 1_254_291, rows: 62_495, within_duration: 59_603, within_month: 59_601, first_pickup: "2009-01-01 00:34:01", last_pickup: "2022-01-31 23:57:37",
        sha256: "6a9efa68165ed2c52ec130cc9d8098b9e8a876f4316c17ddcbc170e46c45ad1d" },
    Known { file: "green_tripdata_2022-02.parquet", bytes: 1_428_262, rows: 69_399, within_duration: 66_097, within_month: 66_078, first_pickup: "2009-01-01 00:02:32", last_pickup: "2022-03-01 10:04:17",
        sha256: "4e2fb2eb988955311e2110475eb32308ed2b2a1d601dca73965f3adf731245c4" },
    Known { file: "green_tripdata_2023-01.parquet", bytes: 1_427_002, rows: 68_211, within_duration: 65_946, within_month: 65_943, first_pickup: "2009-01-01 20:21:27", last_pickup: "2023-02-01 03:10:05",
        sha256: "9f0e03dd7f8f94ecc15949cdbfd2a4e1fc9ebb41a11882215158c9fc95012e31" },
    Known { file: "green_tripdata_2023-02.parquet", bytes: 1_533_740, rows: 64_809, within_duration: 62_574, within_month: 62_551, first_pickup: "2008-12-31 23:02:29", last_pickup: "2023-03-01 00:01:06",
        sha256: "bcc2821d639197cbb09aeb8994121a7004f2a6568a64bf4839015db802f62743" },
    Known { file: "green_tripdata_2023-03.parquet", bytes: 1_730_999, rows: 72_044, within_duration: 69_392, within_month: 69_384, first_pickup: "2023-02-23 16:46:29", last_pickup: "2023-04-01 00:09:27",
        sha256: "69ab2c3b515ad1dd686a8ac3375370b8a44b003d95d340655d94828db0681d9d" },
    Known { file: "green_tripdata_2023-12.parquet", bytes: 1_522_951, rows: 64_215, within_duration: 61_119, within_month: 61_115, first_pickup: "2023-11-24 21:03:34", last_pickup: "2023-12-31 23:59:19",
        sha256: "1c43ac95b8b416293ab0b2953824ee5321443fc4c47e4236f295424e48e7aea3" },
    Known { file: "green_tripdata_2024-01.parquet", bytes: 1_362_284, rows: 56_551, within_duration: 54_373, within_month: 54_371, first_pickup: "2023-12-31 14:38:47", last_pickup: "2024-01-31 23:57:29",
        sha256: "1512a953bed564ac68dcb622827424dfb4f68ad93c2a4572e50ef6ab0b09c1ad" },
    Known { file: "green_tripdata_2024-03.parquet", bytes: 1_372_372, rows: 57_457, within_duration: 55_139, within_month: 55_133, first_pickup: "2008-12-31 23:02:24", last_pickup: "2024-04-01 00:01:45",
        sha256: "43dedd66dd556acfc38da679a174b6adc32e01dd6dccad14bdfdf1521a14abed" },
    Known { file: "green_tripdata_2020-03.csv.gz", bytes: 3_917_763, rows: 223_406, within_duration: 215_869, within_month: 215_851, first_pickup: "2009-01-01 00:00:00", last_pickup: "2020-07-14 04:48:19",
        sha256: "e51ee571eb21231c187fc68977de5eff38b9192a7824657bcb50bba513e01e31" },
    Known { file: "green_tripdata_2020-04.csv.gz", bytes: 670_357, rows: 35_612, within_duration: 34_294, within_month: 34_289, first_pickup: "2009-01-01 00:03:41", last_pickup: "2020-04-30 23:59:00",
        sha256: "69fd60db4f0848f8e3887dba561bf38e06c29a10a92540d3eaee64efddc24ca1" },
    Known { file: "green_tripdata_2020-05.csv.gz", bytes: 1_064_127, rows: 57_360, within_duration: 55_483, within_month: 55_483, first_pickup: "2020-05-01 00:00:00", last_pickup: "2020-05-31 23:59:00",
        sha256: "8cbea4b865eff5f6104244a28b7af3675f89f74aa41b514a8ff7882fee198051" },
    Known { file: "green_tripdata_2020-06.csv.gz", bytes: 1_154_353, rows: 63_109, within_duration: 60_697, within_month: 60_696, first_pickup: "2008-12-31 22:06:48", last_pickup: "2020-06-30 23:59:37",
        sha256: "84ddd6fde0236d7b401baa13993abf1ea26e1f2d1f853748f0731dfc24ec9c97" },
    Known { file: "green_tripdata_2020-07.csv.gz", bytes: 1_307_389, rows: 72_257, within_duration: 69_311, within_month: 69_306, first_pickup: "2009-01-01 01:32:48", last_pickup: "2020-08-01 00:01:06",
        sha256: "32787b3ec8c46c95c4ad1fea33d1e73b7eee2977144b5922e499efb7bca0f189" },
    Known { file: "green_tripdata_2020-08.csv.gz", bytes: 1_471_367, rows: 81_063, within_duration: 77_693, within_month: 77_690, first_pickup: "2020-07-31 23:53:50", last_pickup: "2020-09-01 00:02:10",
        sha256: "16accfc8103affbb6f29a71c56cf90799ec30f22933e9c3cdaa1fd7cfbac5f1e" },
    Known { file: "green_tripdata_2020-09.csv.gz", bytes: 1_579_053, rows: 87_987, within_duration: 84_303, within_month: 84_296, first_pickup: "2008-12-31 23:05:26", last_pickup: "2041-08-17 16:24:38",
        sha256: "0cfc05c335ee71eb68f5340552d17c1c43c6a793f487872d84ee63a9a9892200" },
    Known { file: "green_tripdata_2020-10.csv.gz", bytes: 1_709_547, rows: 95_120, within_duration: 91_129, within_month: 91_123, first_pickup: "2008-12-31 23:12:22", last_pickup: "2020-11-01 05:13:13",
        sha256: "7be29f3aa1d15b4bab629a6ea3af2f631bd30e54e7d1a54039feca5ed015c818" },
    Known { file: "green_tripdata_2020-11.csv.gz", bytes: 1_573_495, rows: 88_605, within_duration: 85_051, within_month: 85_049, first_pickup: "2020-10-31 23:57:15", last_pickup: "2020-12-01 00:03:56",
        sha256: "adf5e14020e96f4d94c5273d49464ba299c49e74956459b1d1dd2c10902597bf" },
    Known { file: "green_tripdata_2020-12.csv.gz", bytes: 1_471_066, rows: 83_130, within_duration: 79_666, within_month: 79_663, first_pickup: "2009-01-01 21:46:25", last_pickup: "2021-01-01 00:03:16",
        sha256: "e6af4fcc2b588e738be550238f4b72b806c69b2c732e889c599db074a5a85993" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-01.csv", bytes: 954_457, rows: 10_000, within_duration: 9_861, within_month: 9_861, first_pickup: "2019-01-01 00:00:50", last_pickup: "2019-01-31 23:59:11",
        sha256: "929e7de21f3ace69719f43473187b3b106e8759606821e5a87ef25e530e1e94f" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-02.csv", bytes: 976_571, rows: 10_000, within_duration: 9_836, within_month: 9_836, first_pickup: "2019-02-01 00:12:32", last_pickup: "2019-02-28 23:56:53",
        sha256: "7a1b4b1137e1f7a1c4f2ab51ea02b1c053b4bca233b7baee1f2e311f995a1814" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-03.csv", bytes: 966_370, rows: 10_000, within_duration: 9_825, within_month: 9_825, first_pickup: "2019-03-01 00:13:12", last_pickup: "2019-04-12 22:20:07",
        sha256: "40929a695482b0986afe963ecbe54f62ec93ba5e87f782bc25f5752fb5abfd17" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-04.csv", bytes: 966_773, rows: 10_000, within_duration: 9_805, within_month: 9_805, first_pickup: "2019-04-01 00:07:24", last_pickup: "2019-04-30 23:59:47",
        sha256: "621603f40cc5e6f8bb0f4e295d8128234c1be46de6dad62eae0b279fe35b642e" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-05.csv", bytes: 967_191, rows: 10_000, within_duration: 9_746, within_month: 9_745, first_pickup: "2019-04-30 23:59:48", last_pickup: "2019-05-31 23:53:44",
        sha256: "24255860542dd0ccf81923c5f1c4653b1b45a3204841540fd14109009122aa06" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-06.csv", bytes: 966_686, rows: 10_000, within_duration: 9_728, within_month: 9_728, first_pickup: "2019-06-01 00:00:25", last_pickup: "2019-06-30 23:55:26",
        sha256: "71879d6e53479fc45b3ee37ea0578ec59cc1bbda5f6b320545df0f0d2ccc65e6" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-07.csv", bytes: 966_594, rows: 10_000, within_duration: 9_756, within_month: 9_756, first_pickup: "2019-07-01 00:04:48", last_pickup: "2019-07-31 23:53:15",
        sha256: "833aa366ffd64ab5a0524c46e8af3e28cbc8a208b4c352c2693ad3df4332da87" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-08.csv", bytes: 966_329, rows: 10_000, within_duration: 9_775, within_month: 9_774, first_pickup: "2008-12-31 23:49:36", last_pickup: "2019-08-31 23:59:21",
        sha256: "ecbb816a6ec550fa23b2618c27f2d091bed6d7127ef139b375b41743418bd06c" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-09.csv", bytes: 967_162, rows: 10_000, within_duration: 9_745, within_month: 9_745, first_pickup: "2019-09-01 00:02:47", last_pickup: "2019-09-30 23:48:53",
        sha256: "02c16d52021ee651a6b59fd55614c137af6f2d2b40c494079c7981637f767408" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-10.csv", bytes: 967_544, rows: 10_000, within_duration: 9_749, within_month: 9_749, first_pickup: "2019-10-01 00:17:25", last_pickup: "2019-10-31 23:55:56",
        sha256: "c9a801da0e5baa3f91e95ae5f5b98c5a071c206eccc4747a618e5224444fdc4a" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-11.csv", bytes: 966_879, rows: 10_000, within_duration: 9_774, within_month: 9_774, first_pickup: "2019-11-01 00:04:00", last_pickup: "2019-11-30 23:51:05",
        sha256: "e5c6f863a967b633f3eb3aea065f80f015b20f588302d720c00f6c1abef0ed4c" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2019-12.csv", bytes: 966_987, rows: 10_000, within_duration: 9_730, within_month: 9_730, first_pickup: "2019-12-01 00:00:36", last_pickup: "2019-12-31 23:49:38",
        sha256: "9dce17e5623ba76331d1e7f3abd3c44f2c3d06510249951d583fd4ec08983639" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-01.csv", bytes: 966_658, rows: 10_000, within_duration: 9_835, within_month: 9_835, first_pickup: "2020-01-01 00:06:57", last_pickup: "2020-01-31 23:58:29",
        sha256: "6a66c15b3cb19477ab4e4aafcdc6d1cf28eac1c8526274dab49a2e9c6eb28d62" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-02.csv", bytes: 967_332, rows: 10_000, within_duration: 9_835, within_month: 9_835, first_pickup: "2020-02-01 00:01:53", last_pickup: "2020-02-29 23:57:48",
        sha256: "9d013cfb51c947e462f6518aa5ae8fad7b492330efe3490e9d73ce6c5607be08" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-03.csv", bytes: 966_075, rows: 10_000, within_duration: 9_851, within_month: 9_850, first_pickup: "2020-01-28 10:07:58", last_pickup: "2020-03-31 21:59:17",
        sha256: "de5160fbeb6772bf932f4e6067d76781be313496725017d76f6a2205b046e09f" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-04.csv", bytes: 956_481, rows: 10_000, within_duration: 9_800, within_month: 9_800, first_pickup: "2020-04-01 00:03:36", last_pickup: "2020-04-30 23:55:00",
        sha256: "c897e6895afd3453c01ab62b85c6ae0c71d67cf3994d1280c5f8cef6e236bd1e" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-05.csv", bytes: 954_896, rows: 10_000, within_duration: 9_795, within_month: 9_795, first_pickup: "2020-05-01 00:13:00", last_pickup: "2020-05-31 23:58:00",
        sha256: "267f7775ca9c90387e340581ae33d16813d2f433e282ccc2b2d7e4105de0d565" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-06.csv", bytes: 959_252, rows: 10_000, within_duration: 9_783, within_month: 9_783, first_pickup: "2020-06-01 00:00:00", last_pickup: "2020-06-30 23:39:45",
        sha256: "e4d32072f7d888f85c2c9c0bb1c88ac44c77be0acc0b0dc40a5a21a580931355" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-07.csv", bytes: 961_057, rows: 10_000, within_duration: 9_783, within_month: 9_783, first_pickup: "2020-07-01 00:15:58", last_pickup: "2020-07-31 23:57:48",
        sha256: "2938f65b4c33392965459fe26f6b926256f21e5a67f935b02e358f55980c9cfd" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-08.csv", bytes: 961_739, rows: 10_000, within_duration: 9_810, within_month: 9_810, first_pickup: "2020-08-01 00:06:41", last_pickup: "2020-08-31 23:26:12",
        sha256: "c8d4ec365c0769bd84ad629231ba4a5b62a1b15af0d61baa5ac4281b7743aa69" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-09.csv", bytes: 962_833, rows: 10_000, within_duration: 9_794, within_month: 9_793, first_pickup: "2020-09-01 00:06:37", last_pickup: "2020-10-07 09:58:46",
        sha256: "b3901e17aadaad652ee8a0a592757a46e70674ed1e3ca81b9a4ec7efc6e7d9e0" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-10.csv", bytes: 963_426, rows: 10_000, within_duration: 9_783, within_month: 9_783, first_pickup: "2020-10-01 00:05:31", last_pickup: "2020-10-31 23:59:02",
        sha256: "2fa7a1269822859992efb923cb828f23643eaf74d847245747dd4e07565dade1" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-11.csv", bytes: 963_338, rows: 10_000, within_duration: 9_799, within_month: 9_799, first_pickup: "2020-11-01 00:05:55", last_pickup: "2020-11-30 23:50:05",
        sha256: "6565e9476a8fcabb93cf8cf44bb21d12908bf28e8618d9ca2dd3b1ce8eeb7460" },
    Known { file: "yellow_samples/yellow_tripdata_sample_2020-12.csv", bytes: 963_168, rows: 10_000, within_duration: 9_789, within_month: 9_789, first_pickup: "2020-12-01 00:17:42", last_pickup: "2020-12-31 23:40:29",
        sha256: "8896c463aa34b39bd1fc170b531ab0cd9628a21ed71cb8ac8d6a7e96b35717eb" },
];

#[rustfmt::skip]
const DURATIONS: &[KnownDurations] = &[
    KnownDurations { file: "green_tripdata_2021-01.parquet", short: 1_448, long: 1_162, negative: 0 },
    KnownDurations { file: "green_tripdata_2021-02.parquet", short: 1_129, long: 1_522, negative: 0 },
    KnownDurations { file: "green_tripdata_2021-03.parquet", short: 1_436, long: 2_019, negative: 0 },
    KnownDurations { file: "green_tripdata_2021-04.parquet", short: 1_444, long: 2_747, negative: 0 },
    KnownDurations { file: "green_tripdata_2022-01.parquet", short: 2_068, long: 824, negative: 0 },
    KnownDurations { file: "green_tripdata_2022-02.parquet", short: 2_176, long: 1_126, negative: 0 },
    KnownDurations { file: "green_tripdata_2023-01.parquet", short: 1_645, long: 620, negative: 0 },
    KnownDurations { file: "green_tripdata_2023-02.parquet", short: 1_624, long: 611, negative: 0 },
    KnownDurations { file: "green_tripdata_2023-03.parquet", short: 1_768, long: 884, negative: 0 },
    KnownDurations { file: "green_tripdata_2023-12.parquet", short: 1_785, long: 1_311, negative: 0 },
    KnownDurations { file: "green_tripdata_2024-01.parquet", short: 1_620, long: 558, negative: 0 },
    KnownDurations { file: "green_tripdata_2024-03.parquet", short: 1_630, long: 688, negative: 0 },
    KnownDurations { file: "green_tripdata_2020-03.csv.gz", short: 4_072, long: 3_465, negative: 12 },
    KnownDurations { file: "green_tripdata_2020-04.csv.gz", short: 1_002, long: 316, negative: 0 },
    KnownDurations { file: "green_tripdata_2020-05.csv.gz", short: 1_352, long: 525, negative: 1 },
    KnownDurations { file: "green_tripdata_2020-06.csv.gz", short: 1_421, long: 991, negative: 0 },
    KnownDurations { file: "green_tripdata_2020-07.csv.gz", short: 1_621, long: 1_325, negative: 2 },
    KnownDurations { file: "green_tripdata_2020-08.csv.gz", short: 1_673, long: 1_697, negative: 3 },
    KnownDurations { file: "green_tripdata_2020-09.csv.gz", short: 1_654, long: 2_030, negative: 0 },
    KnownDurations { file: "green_tripdata_2020-10.csv.gz", short: 1_864, long: 2_127, negative: 0 },
    KnownDurations { file: "green_tripdata_2020-11.csv.gz", short: 1_762, long: 1_792, negative: 1 },
    KnownDurations { file: "green_tripdata_2020-12.csv.gz", short: 1_669, long: 1_795, negative: 1 },
];
