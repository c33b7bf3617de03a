;; The inner loops of a picture's way to the model: JavaScript has no vectors, and checks every index.
(module
  (memory (export "memory") 1)

  ;; One pass of a resize along one axis, as Pillow computes it. Each output pixel is a sum of neighbours along the axis with weights
  ;; of 22 bits of fraction, rounded and clamped to 8 bits. Four bytes are computed at a time, so up to 3 bytes past the source are
  ;; read and up to 3 past the result are written; what comes after them in the result is written later.
  (func (export "resample")
    (param $source i32)      ;; address of the first line
    (param $lines i32)       ;; lines that are treated alike: the rows, or 1 for an axis that runs down the picture
    (param $lineBytes i32)   ;; from one line to the next
    (param $unit i32)        ;; bytes that share weights, and from there to their neighbours: a pixel, or a whole row for an axis that runs down
    (param $weights i32)     ;; address of the weights: for each output pixel its first source pixel, their number, their weights
    (param $weightsEnd i32)
    (param $stride i32)      ;; bytes of weights for one output pixel
    (param $result i32)      ;; address of the result, written from its first byte to its last
    (local $entry i32) (local $weight i32) (local $weightEnd i32)
    (local $first i32) (local $pixel i32) (local $unitEnd i32) (local $sum v128)
    (loop $line
      (local.set $entry (local.get $weights))
      (loop $output
        (local.set $first
          (i32.add (local.get $source) (i32.mul (i32.load (local.get $entry)) (local.get $unit))))
        (local.set $weightEnd
          (i32.add (i32.add (local.get $entry) (i32.const 8)) (i32.shl (i32.load offset=4 (local.get $entry)) (i32.const 2))))
        (local.set $unitEnd (i32.add (local.get $result) (local.get $unit)))
        (loop $fourBytes
          (local.set $sum (v128.const i32x4 0x200000 0x200000 0x200000 0x200000)) ;; a half
          (local.set $pixel (local.get $first))
          (local.set $weight (i32.add (local.get $entry) (i32.const 8)))
          (loop $neighbour
            (local.set $sum
              (i32x4.add
                (local.get $sum)
                (i32x4.mul
                  (v128.load32_splat (local.get $weight))
                  (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $pixel)))))))
            (local.set $pixel (i32.add (local.get $pixel) (local.get $unit)))
            (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
            (br_if $neighbour (i32.lt_u (local.get $weight) (local.get $weightEnd))))
          (local.set $sum (i32x4.shr_s (local.get $sum) (i32.const 22)))
          (local.set $sum (i16x8.narrow_i32x4_s (local.get $sum) (local.get $sum)))
          (v128.store32_lane 0 (local.get $result) (i8x16.narrow_i16x8_u (local.get $sum) (local.get $sum)))
          (local.set $first (i32.add (local.get $first) (i32.const 4)))
          (local.set $result (i32.add (local.get $result) (i32.const 4)))
          (br_if $fourBytes (i32.lt_u (local.get $result) (local.get $unitEnd))))
        (local.set $result (local.get $unitEnd))
        (local.set $entry (i32.add (local.get $entry) (local.get $stride)))
        (br_if $output (i32.lt_u (local.get $entry) (local.get $weightsEnd))))
      (local.set $source (i32.add (local.get $source) (local.get $lineBytes)))
      (local.set $lines (i32.sub (local.get $lines) (i32.const 1)))
      (br_if $line (local.get $lines))))

  ;; One patch of a picture as the model takes it: channel by channel, each repeated for every frame.
  (func (export "cut")
    (param $from i32)        ;; address of the patch's first pixel
    (param $rowBytes i32)    ;; from one row of the picture to the next
    (param $side i32)        ;; pixels along one side of the patch
    (param $frames i32)
    (param $values i32)      ;; address of what the 256 levels of red become, as floats, then those of green and blue
    (param $result i32)
    (local $channel i32) (local $row i32) (local $pixel i32) (local $y i32) (local $plane i32) (local $rowEnd i32) (local $bytes i32) (local $copies i32)
    (loop $eachChannel
      (local.set $plane (local.get $result))
      (local.set $row (i32.add (local.get $from) (local.get $channel)))
      (local.set $y (local.get $side))
      (loop $eachRow
        (local.set $pixel (local.get $row))
        (local.set $rowEnd (i32.add (local.get $result) (i32.shl (local.get $side) (i32.const 2))))
        (loop $eachPixel
          (f32.store
            (local.get $result)
            (f32.load (i32.add (local.get $values) (i32.shl (i32.load8_u (local.get $pixel)) (i32.const 2)))))
          (local.set $pixel (i32.add (local.get $pixel) (i32.const 3)))
          (local.set $result (i32.add (local.get $result) (i32.const 4)))
          (br_if $eachPixel (i32.lt_u (local.get $result) (local.get $rowEnd))))
        (local.set $row (i32.add (local.get $row) (local.get $rowBytes)))
        (local.set $y (i32.sub (local.get $y) (i32.const 1)))
        (br_if $eachRow (local.get $y)))
      (local.set $copies (i32.sub (local.get $frames) (i32.const 1)))
      (local.set $bytes (i32.sub (local.get $result) (local.get $plane)))
      (block $done
        (loop $eachCopy
          (br_if $done (i32.eqz (local.get $copies)))
          (memory.copy (local.get $result) (local.get $plane) (local.get $bytes))
          (local.set $result (i32.add (local.get $result) (local.get $bytes)))
          (local.set $copies (i32.sub (local.get $copies) (i32.const 1)))
          (br $eachCopy)))
      (local.set $values (i32.add (local.get $values) (i32.const 1024)))
      (local.set $channel (i32.add (local.get $channel) (i32.const 1)))
      (br_if $eachChannel (i32.lt_u (local.get $channel) (i32.const 3))))))
