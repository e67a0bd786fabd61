import{F as t,o as i,y as a}from"./part-UJIPY5SH.js";function r(){return t("frame.quality"),a("div",{class:"page",children:a("h1",{children:i("frame.quality")})})}export{r as default};
