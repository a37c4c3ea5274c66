// The parts of Leaflet our maps use, one module each: a third of the whole is never sent.

import "leaflet/src/control/Control.Attribution.js";
import { scale } from "leaflet/src/control/Control.Scale.js";
import { zoom } from "leaflet/src/control/Control.Zoom.js";
import "leaflet/src/layer/Tooltip.js";
import { Map as Board } from "leaflet/src/map/Map.js";
import "leaflet/src/map/handler/Map.BoxZoom.js";
import "leaflet/src/map/handler/Map.DoubleClickZoom.js";
import "leaflet/src/map/handler/Map.Drag.js";
import "leaflet/src/map/handler/Map.ScrollWheelZoom.js";
import "leaflet/src/map/handler/Map.TouchZoom.js";

export * as DomEvent from "leaflet/src/dom/DomEvent.js";
export { toLatLng as latLng } from "leaflet/src/geo/LatLng.js";
export { toLatLngBounds as latLngBounds } from "leaflet/src/geo/LatLngBounds.js";
export { layerGroup } from "leaflet/src/layer/LayerGroup.js";
export { popup } from "leaflet/src/layer/Popup.js";
export { divIcon } from "leaflet/src/layer/marker/DivIcon.js";
export { marker } from "leaflet/src/layer/marker/Marker.js";
export { tileLayer } from "leaflet/src/layer/tile/TileLayer.js";
export { circle } from "leaflet/src/layer/vector/Circle.js";
export { circleMarker } from "leaflet/src/layer/vector/CircleMarker.js";
export { polygon } from "leaflet/src/layer/vector/Polygon.js";
export { polyline } from "leaflet/src/layer/vector/Polyline.js";
export { svg } from "leaflet/src/layer/vector/SVG.js";
export { createMap as map } from "leaflet/src/map/Map.js";
export const control = { scale, zoom };

// Leaflet's own answer brings its canvas: every shape of ours names its renderer.
Board.include({
  getRenderer({ options: { renderer } }) {
    if (!this.hasLayer(renderer)) this.addLayer(renderer);
    return renderer;
  },
});
