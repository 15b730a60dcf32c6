"""Data layers of forks, made and refused."""

from __future__ import annotations

from building import Makes, Refuses, makes, refuses, refuses_nothing_unknown

BUILT: list[Makes] = [
    # SSD
    ('type: "AnnotatedData" data_param { batch_size: 8 } transform_param { resize_param { '
     "height: 300 width: 500 } }",
     [], ["8 ? 300 500", "? 1 ? ?"]),
    ('type: "AnnotatedData" data_param { batch_size: 8 } annotated_data_param { anno_type: '
     "BBOX } transform_param { crop_size: 224 }",
     [], ["8 ? 224 224", "1 1 ? 8"]),
    ('type: "VideoData" data_param { batch_size: 1 } video_data_param { video_type: WEBCAM }',
     [], ["1 ? ? ?", "1"]),
    # YOLO, DetectNet
    ('type: "BoxData" data_param { batch_size: 16 }', [], ["16 ? ? ?", "16 150"]),
    # SegNet
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 }', [], ["4 3 ? ?", "4 1 ? ?"]),
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 is_color: false '
     "new_height: 90 new_width: 120 }",
     [], ["4 1 90 120", "4 1 90 120"]),
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 new_height: 90 new_width: '
     "120 crop_height: 64 crop_width: 80 }",
     [], ["4 3 64 80", "4 1 64 80"]),
    # DeepLab and PSPNet
    ('type: "ImageSegData" image_data_param { batch_size: 20 } transform_param { crop_size: 321 }',
     [], ["20 3 321 321", "20 1 321 321", "20 1 1 2"]),
    ('type: "ImageSegData" image_data_param { batch_size: 2 } transform_param { crop_height: 8 '
     "crop_width: 9 }",
     [], ["2 3 8 9", "2 1 8 9", "2 1 1 2"]),
    ('type: "MatRead" mat_read_param { prefix: "x" batch_size: 3 }', [], "3 ? ? ?"),
    # yjxiong/caffe
    ('type: "VideoData" video_data_param { batch_size: 32 new_length: 5 num_segments: 3 } '
     "transform_param { crop_size: 224 }",
     [], ["32 30 224 224", "32 1 1 1"]),
    ('type: "VideoData" video_data_param { batch_size: 32 modality: RGB new_height: 256 '
     "new_width: 340 }",
     [], ["32 3 256 340", "32 1 1 1"]),
]  # fmt: skip

REFUSED: list[Refuses] = [
    # SSD
    ('type: "AnnotatedData"', [], 2, "needs batch_size in data_param"),
    ('type: "AnnotatedData" data_param { batch_size: 8 } transform_param { resize_param { '
     "height: 300 } }",
     [], 2, "both height and width in resize_param"),
    ('type: "AnnotatedData" data_param { batch_size: 8 } transform_param { resize_param { '
     "resize_mode: FIT_SMALL_SIZE height: 3 width: 3 } }",
     [], 2, "one at a time"),
    ('type: "VideoData" data_param { batch_size: 8 } video_data_param { video_type: VIDEO }',
     [], "needs video_file"),
    # YOLO, DetectNet
    ('type: "BoxData" data_param { batch_size: 1 side: 13 side: 7 }', [], 2, "2 side and 1 tops"),
    # SegNet
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 new_height: 9 }',
     [], 2, "new_width beside new_height"),
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 } transform_param { '
     "mirror: true }",
     [], 2, "would not treat the labels alike"),
    # DeepLab and PSPNet
    ('type: "ImageSegData" image_data_param { batch_size: 4 } transform_param { crop_height: 9 }',
     [], 3, "both crop_height and crop_width"),
    ('type: "ImageSegData" image_data_param { batch_size: 4 } transform_param { mean_file: "m" }',
     [], 3, "takes no mean_file"),
]  # fmt: skip

test_what_is_built = makes(BUILT)
test_nothing_is_refused_of_what_is_not_known = refuses_nothing_unknown(BUILT)
test_what_is_refused = refuses(REFUSED)
