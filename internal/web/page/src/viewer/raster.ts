// Hounsfield units onto a canvas, pixel for pixel, by Cornerstone3D's own renderer
// without WebGL: measured in Chromium with software rendering it draws an image in
// less than one frame of the screen, where its WebGL viewports take 50 to 100 ms, and
// it draws the same on every machine. Size and place on the screen are the view's.
import render from "@cornerstonejs/core/utilities/renderToCanvasCPU";
import type { Types } from "@cornerstonejs/core";

/** Draws values between min and max onto a canvas of just as many pixels. */
export function raster(canvas: HTMLCanvasElement, values: Int16Array, min: number, max: number, center: number, width: number): void {
  const image = {
    imageId: "", rows: canvas.height, height: canvas.height, columns: canvas.width, width: canvas.width,
    rowPixelSpacing: 1, columnPixelSpacing: 1, minPixelValue: min, maxPixelValue: max, slope: 1, intercept: 0,
    windowCenter: center, windowWidth: width, color: false, invert: false, numberOfComponents: 1,
    dataType: "Int16Array", sizeInBytes: values.byteLength, getPixelData: () => values,
    voxelManager: { getScalarData: () => values },
  };
  // It draws before it returns; its promise says nothing more.
  void render(canvas, image as unknown as Types.IImage, "CT");
}
