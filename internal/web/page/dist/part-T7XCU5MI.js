import{F as a,o as t,y as o}from"./part-UJIPY5SH.js";function r(){return a("frame.about"),o("div",{class:"page",children:o("h1",{children:t("frame.about")})})}export{r as default};
