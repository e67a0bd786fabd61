BEGIN TRANSACTION;
CREATE TABLE assessment (
    study_id INTEGER PRIMARY KEY REFERENCES study (id) ON DELETE CASCADE,
    body TEXT NOT NULL
);
INSERT INTO "assessment" VALUES(1,'{"categories":{"method":"published guidelines 1","ranks":[1,2,3,4],"guidelines":[{"name":"Lung-RADS","version":"2022","exam":{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"4B","now":[{"action":"DIAGNOSTIC_CT"},{"action":"PET_CT","consider":true},{"action":"TISSUE_SAMPLING"},{"action":"REFERRAL"}],"rule":"LR.SOLID.SIZE.4B","used":{"by":"MEAN_DIAMETER","mean_mm":15.2,"volume_mm3":2234},"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER","ASSUMES_NO_EARLIER_EXAM"]},"lead_rank":1,"each":[{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"4B","now":[{"action":"DIAGNOSTIC_CT"},{"action":"PET_CT","consider":true},{"action":"TISSUE_SAMPLING"},{"action":"REFERRAL"}],"rule":"LR.SOLID.SIZE.4B","used":{"by":"MEAN_DIAMETER","mean_mm":15.2,"volume_mm3":2234},"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER","ASSUMES_NO_EARLIER_EXAM"]},{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"2","now":[{"action":"LOW_DOSE_CT","from_months":12,"to_months":12}],"rule":"LR.NONSOLID.SMALL.2","used":{"by":"MEAN_DIAMETER","mean_mm":11.3,"volume_mm3":938},"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER","ASSUMES_NO_EARLIER_EXAM"]},{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"4A","now":[{"action":"LOW_DOSE_CT","from_months":3,"to_months":3},{"action":"PET_CT","consider":true}],"rule":"LR.SOLID.SIZE.4A","used":{"by":"MEAN_DIAMETER","mean_mm":8.3,"volume_mm3":263},"other":{"by":"VOLUME","rule":"LR.SOLID.SIZE.3","category":"3","now":[{"action":"LOW_DOSE_CT","from_months":6,"to_months":6}]},"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER","ASSUMES_NO_EARLIER_EXAM"],"needs_radiologist":["VOLUME_AND_DIAMETER_DISAGREE"]},{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"4A","now":[{"action":"LOW_DOSE_CT","from_months":3,"to_months":3},{"action":"PET_CT","consider":true}],"rule":"LR.SOLID.SIZE.4A","used":{"by":"MEAN_DIAMETER","mean_mm":8.9,"volume_mm3":501},"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER","ASSUMES_NO_EARLIER_EXAM"]}]},{"name":"Fleischner Society","version":"2017","exam":{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{"by":"MEAN_DIAMETER","mean_mm":15},"options":[{"assumes":"ASSUMES_LOW_RISK","by":"MEAN_DIAMETER","rule":"FL.SOLID.MULTIPLE.LOW.6","now":[{"action":"CT","from_months":3,"to_months":6}],"then":[{"action":"CT","from_months":18,"to_months":24,"consider":true}]},{"assumes":"ASSUMES_HIGH_RISK","by":"MEAN_DIAMETER","rule":"FL.SOLID.MULTIPLE.HIGH.6","now":[{"action":"CT","from_months":3,"to_months":6}],"then":[{"action":"CT","from_months":18,"to_months":24}]}],"withheld":"FACTS_MISSING","missing":["RISK_LOW_OR_HIGH"],"assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED","ASSUMES_FINDINGS_ARE_NODULES","ASSUMES_NO_EARLIER_EXAM"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]},"lead_rank":1,"each":[{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{"by":"MEAN_DIAMETER","mean_mm":15},"options":[{"assumes":"ASSUMES_LOW_RISK","by":"MEAN_DIAMETER","rule":"FL.SOLID.MULTIPLE.LOW.6","now":[{"action":"CT","from_months":3,"to_months":6}],"then":[{"action":"CT","from_months":18,"to_months":24,"consider":true}]},{"assumes":"ASSUMES_HIGH_RISK","by":"MEAN_DIAMETER","rule":"FL.SOLID.MULTIPLE.HIGH.6","now":[{"action":"CT","from_months":3,"to_months":6}],"then":[{"action":"CT","from_months":18,"to_months":24}]}],"withheld":"FACTS_MISSING","missing":["RISK_LOW_OR_HIGH"],"assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED","ASSUMES_NO_EARLIER_EXAM"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]},{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","now":[{"action":"CT","from_months":3,"to_months":6}],"then":[{"action":"BY_WORST_NODULE"}],"rule":"FL.SUBSOLID.MULTIPLE.6","used":{"by":"MEAN_DIAMETER","mean_mm":11,"volume_mm3":938},"assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED","ASSUMES_NO_EARLIER_EXAM"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]},{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{"by":"MEAN_DIAMETER","mean_mm":8},"options":[{"assumes":"ASSUMES_LOW_RISK","by":"MEAN_DIAMETER","rule":"FL.SOLID.MULTIPLE.LOW.6","now":[{"action":"CT","from_months":3,"to_months":6}],"then":[{"action":"CT","from_months":18,"to_months":24,"consider":true}]},{"assumes":"ASSUMES_HIGH_RISK","by":"MEAN_DIAMETER","rule":"FL.SOLID.MULTIPLE.HIGH.6","now":[{"action":"CT","from_months":3,"to_months":6}],"then":[{"action":"CT","from_months":18,"to_months":24}]}],"withheld":"FACTS_MISSING","missing":["RISK_LOW_OR_HIGH"],"assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED","ASSUMES_NO_EARLIER_EXAM"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]},{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{"by":"MEAN_DIAMETER","mean_mm":9},"options":[{"assumes":"ASSUMES_LOW_RISK","by":"MEAN_DIAMETER","rule":"FL.SOLID.MULTIPLE.LOW.6","now":[{"action":"CT","from_months":3,"to_months":6}],"then":[{"action":"CT","from_months":18,"to_months":24,"consider":true}]},{"assumes":"ASSUMES_HIGH_RISK","by":"MEAN_DIAMETER","rule":"FL.SOLID.MULTIPLE.HIGH.6","now":[{"action":"CT","from_months":3,"to_months":6}],"then":[{"action":"CT","from_months":18,"to_months":24}]}],"withheld":"FACTS_MISSING","missing":["RISK_LOW_OR_HIGH"],"assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED","ASSUMES_NO_EARLIER_EXAM"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]}]},{"name":"British Thoracic Society","version":"2015","each":[{"guideline":["British Thoracic Society","2015"],"caveat":"CALCULATED_TO_BE_CONFIRMED","now":[{"action":"ASSESS_BY_BROCK"}],"rule":"BTS.SOLID.8","used":{"by":"VOLUME","mean_mm":15.2,"volume_mm3":2234},"missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS","ASSUMES_NO_EARLIER_EXAM"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]},{"guideline":["British Thoracic Society","2015"],"caveat":"CALCULATED_TO_BE_CONFIRMED","now":[{"action":"CT","from_months":3,"to_months":3}],"then":[{"action":"CT","from_months":12,"to_months":12,"consider":true},{"action":"CT","from_months":24,"to_months":24,"consider":true},{"action":"CT","from_months":48,"to_months":48,"consider":true}],"rule":"BTS.SUBSOLID.5","used":{"by":"MEAN_DIAMETER","mean_mm":11.3},"assumptions":["ASSUMES_NO_EARLIER_EXAM"]},{"guideline":["British Thoracic Society","2015"],"caveat":"CALCULATED_TO_BE_CONFIRMED","now":[{"action":"CT","from_months":3,"to_months":3}],"then":[{"action":"CT","from_months":12,"to_months":12}],"rule":"BTS.SOLID.6","used":{"by":"VOLUME","mean_mm":8.3,"volume_mm3":263},"other":{"by":"MEAN_DIAMETER","rule":"BTS.SOLID.8","now":[{"action":"ASSESS_BY_BROCK"}]},"assumptions":["ASSUMES_NO_EARLIER_EXAM"],"needs_radiologist":["VOLUME_AND_DIAMETER_DISAGREE"]},{"guideline":["British Thoracic Society","2015"],"caveat":"CALCULATED_TO_BE_CONFIRMED","now":[{"action":"ASSESS_BY_BROCK"}],"rule":"BTS.SOLID.8","used":{"by":"VOLUME","mean_mm":8.9,"volume_mm3":501},"missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS","ASSUMES_NO_EARLIER_EXAM"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]}]}],"brock":[{"guideline":["Brock (PanCan)","2013, full model with spiculation"],"caveat":"CALCULATED_TO_BE_CONFIRMED","withheld":"FACTS_MISSING","missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]},{"guideline":["Brock (PanCan)","2013, full model with spiculation"],"caveat":"CALCULATED_TO_BE_CONFIRMED","withheld":"FACTS_MISSING","missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]},{"guideline":["Brock (PanCan)","2013, full model with spiculation"],"caveat":"CALCULATED_TO_BE_CONFIRMED","withheld":"FACTS_MISSING","missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]},{"guideline":["Brock (PanCan)","2013, full model with spiculation"],"caveat":"CALCULATED_TO_BE_CONFIRMED","withheld":"FACTS_MISSING","missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]}]}}');
INSERT INTO "assessment" VALUES(2,'{"categories":{"method":"published guidelines 1","earlier":true,"ranks":[1,2,3,4],"not_flagged":1,"guidelines":[{"name":"Lung-RADS","version":"2022","exam":{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"4B","now":[{"action":"DIAGNOSTIC_CT"},{"action":"PET_CT","consider":true},{"action":"TISSUE_SAMPLING"},{"action":"REFERRAL"}],"rule":"LR.SOLID.SIZE.4B","used":{"by":"MEAN_DIAMETER","mean_mm":15.8,"volume_mm3":2235},"missing":["PRIOR_CATEGORY"],"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER"]},"lead_rank":4,"each":[{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"4B","now":[{"action":"DIAGNOSTIC_CT"},{"action":"PET_CT","consider":true},{"action":"TISSUE_SAMPLING"},{"action":"REFERRAL"}],"rule":"LR.SOLID.GROWING.4B","used":{"by":"MEAN_DIAMETER","mean_mm":12.1,"volume_mm3":807},"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER"]},{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"4A","now":[{"action":"LOW_DOSE_CT","from_months":3,"to_months":3},{"action":"PET_CT","consider":true}],"rule":"LR.SOLID.SIZE.4A","used":{"by":"MEAN_DIAMETER","mean_mm":9.9,"volume_mm3":694},"missing":["PRIOR_CATEGORY"],"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER"]},{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"2","now":[{"action":"LOW_DOSE_CT","from_months":12,"to_months":12}],"rule":"LR.NONSOLID.SMALL.2","used":{"by":"MEAN_DIAMETER","mean_mm":12.3,"volume_mm3":1308},"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER"]},{"guideline":["Lung-RADS","2022"],"caveat":"CALCULATED_TO_BE_CONFIRMED","category":"4B","now":[{"action":"DIAGNOSTIC_CT"},{"action":"PET_CT","consider":true},{"action":"TISSUE_SAMPLING"},{"action":"REFERRAL"}],"rule":"LR.SOLID.SIZE.4B","used":{"by":"MEAN_DIAMETER","mean_mm":15.8,"volume_mm3":2235},"missing":["PRIOR_CATEGORY"],"assumptions":["ASSUMES_SCREENING_EXAM","ASSUMES_NO_KNOWN_LUNG_CANCER"]}]},{"name":"Fleischner Society","version":"2017","exam":{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{},"withheld":"NO_ROW_OF_THE_TABLE","assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED"],"needs_radiologist":["TABLE_HAS_NO_ROW"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]},"at_least":true,"each":[{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{},"withheld":"NO_ROW_OF_THE_TABLE","assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED"],"needs_radiologist":["TABLE_HAS_NO_ROW"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]},{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{},"withheld":"NO_ROW_OF_THE_TABLE","assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED"],"needs_radiologist":["TABLE_HAS_NO_ROW"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]},{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{},"withheld":"NO_ROW_OF_THE_TABLE","assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED"],"needs_radiologist":["TABLE_HAS_NO_ROW"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]},{"guideline":["Fleischner Society","2017"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{},"withheld":"NO_ROW_OF_THE_TABLE","assumptions":["ASSUMES_35_YEARS_OR_MORE","ASSUMES_NOT_SCREENING","ASSUMES_NO_KNOWN_CANCER","ASSUMES_NOT_IMMUNOSUPPRESSED"],"needs_radiologist":["TABLE_HAS_NO_ROW"],"unverified":["UNVERIFIED_ROUNDING_TO_WHOLE_MM"]}]},{"name":"British Thoracic Society","version":"2015","each":[{"guideline":["British Thoracic Society","2015"],"caveat":"CALCULATED_TO_BE_CONFIRMED","now":[{"action":"WORK_UP"}],"rule":"BTS.GROWING.400","used":{"by":"VOLUME","mean_mm":12.1,"volume_mm3":807},"unverified":["UNVERIFIED_DOUBLING_TIME_CUTS"]},{"guideline":["British Thoracic Society","2015"],"caveat":"CALCULATED_TO_BE_CONFIRMED","now":[{"action":"WORK_UP"}],"rule":"BTS.GROWING.400","used":{"by":"VOLUME","mean_mm":9.9,"volume_mm3":694},"unverified":["UNVERIFIED_DOUBLING_TIME_CUTS"]},{"guideline":["British Thoracic Society","2015"],"caveat":"CALCULATED_TO_BE_CONFIRMED","used":{},"withheld":"NO_ROW_OF_THE_TABLE","needs_radiologist":["TABLE_HAS_NO_ROW"]},{"guideline":["British Thoracic Society","2015"],"caveat":"CALCULATED_TO_BE_CONFIRMED","now":[{"action":"CT","from_months":12,"to_months":12,"since_first":true}],"rule":"BTS.STABLE.3_MONTHS.VOLUME","used":{"by":"VOLUME","mean_mm":15.8,"volume_mm3":2235}}]}],"brock":[{"guideline":["Brock (PanCan)","2013, full model with spiculation"],"caveat":"CALCULATED_TO_BE_CONFIRMED","withheld":"FACTS_MISSING","missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]},{"guideline":["Brock (PanCan)","2013, full model with spiculation"],"caveat":"CALCULATED_TO_BE_CONFIRMED","withheld":"FACTS_MISSING","missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]},{"guideline":["Brock (PanCan)","2013, full model with spiculation"],"caveat":"CALCULATED_TO_BE_CONFIRMED","withheld":"FACTS_MISSING","missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]},{"guideline":["Brock (PanCan)","2013, full model with spiculation"],"caveat":"CALCULATED_TO_BE_CONFIRMED","withheld":"FACTS_MISSING","missing":["AGE","SEX","FAMILY_HISTORY_OF_LUNG_CANCER","EMPHYSEMA","UPPER_LOBE","SPICULATION"],"assumptions":["VALIDATED_ONLY_IN_SCREENED_SMOKERS"],"unverified":["UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"]}]}}');
CREATE TABLE comparison (
    study_id INTEGER PRIMARY KEY REFERENCES study (id) ON DELETE CASCADE,
    -- what it was compared with: goes with that
    earlier_study_id INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
);
INSERT INTO "comparison" VALUES(2,1,'65be94abe4d320e5971576b4e6b9d76461f63d7d4759bd1cd02d582883c1a080',1795770102747904,'{"earlier_study":"2.25.56447793068543503310232382252454348266","earlier_series":"2.25.228130320378315375239344925905079307468","earlier_study_date":"20250705","days":180,"method":"lungs and surroundings 1","lung_overlap":0.988,"current":[{"state":"paired","earlier":2,"earlier_center_lps_mm":[-60.15,-105.71,-90.95],"earlier_measured":{"method":"","center_lps_mm":[-60.15,-105.71,-90.95],"volume_mm3":263,"volume_error":0.07,"long_axis_lps_mm":[[-64.55,-104.21,-90.55],[-55.79,-107.51,-90.55]],"short_axis_lps_mm":[[-61.25,-109.14,-90.55],[-58.72,-102.44,-90.55]],"long_axis_mm":9.4,"short_axis_mm":7.2,"mean_diameter_mm":8.3,"mean_hu":-153.9,"min_hu":-451,"max_hu":63,"kind":"solid","kind_confidence":0.99,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.954,"slice":73},"diameter_change_mm":3.8,"diameter_error_mm":0.7,"growth":{"volume_change":2.068,"volume_change_low":1.454,"volume_change_high":2.835,"doublings_per_year":3.281,"doublings_per_year_low":2.628,"doublings_per_year_high":3.935,"doubling_days":111.3,"doubling_days_short":92.8,"doubling_days_long":139,"trend":"growing"}},{"state":"paired","earlier":3,"earlier_center_lps_mm":[-53.82,-219.45,-166.81],"earlier_measured":{"method":"","center_lps_mm":[-53.82,-219.45,-166.81],"volume_mm3":500.6,"volume_error":0.04,"long_axis_lps_mm":[[-58.75,-219.13,-165.55],[-49.1,-219.76,-165.55]],"short_axis_lps_mm":[[-53.6,-223.83,-165.55],[-53.08,-215.87,-165.55]],"long_axis_mm":9.7,"short_axis_mm":8,"mean_diameter_mm":8.9,"mean_hu":-82,"min_hu":-432,"max_hu":42,"kind":"solid","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.92,"slice":43},"diameter_change_mm":1,"diameter_error_mm":0.7,"growth":{"volume_change":0.387,"volume_change_low":0.109,"volume_change_high":0.733,"doublings_per_year":0.957,"doublings_per_year_low":0.304,"doublings_per_year_high":1.61,"doubling_days":381.6,"doubling_days_short":226.8,"doubling_days_long":1201.9,"trend":"growing"}},{"state":"paired","earlier":1,"earlier_center_lps_mm":[96.18,-220.42,-154.62],"earlier_measured":{"method":"","center_lps_mm":[96.18,-220.42,-154.62],"volume_mm3":938.1,"volume_error":0.19,"long_axis_lps_mm":[[90.7,-217.72,-155.55],[102.4,-223,-155.55]],"short_axis_lps_mm":[[94.78,-225.24,-155.55],[98.8,-216.34,-155.55]],"long_axis_mm":12.8,"short_axis_mm":9.8,"mean_diameter_mm":11.3,"mean_hu":-677.8,"min_hu":-818,"max_hu":-359,"kind":"ground-glass","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.89,"slice":47},"diameter_change_mm":1,"diameter_error_mm":0.9,"growth":{"volume_change":0.394,"volume_change_low":0.115,"volume_change_high":0.743,"doublings_per_year":0.973,"doublings_per_year_low":0.319,"doublings_per_year_high":1.626,"doubling_days":375.5,"doubling_days_short":224.6,"doubling_days_long":1143.6,"trend":"growing"}},{"state":"paired","earlier":0,"earlier_center_lps_mm":[-24.08,-220.62,-199.57],"earlier_measured":{"method":"","center_lps_mm":[-24.08,-220.62,-199.57],"volume_mm3":2233.9,"volume_error":0.03,"long_axis_lps_mm":[[-29.94,-213.95,-200.55],[-20.95,-228.19,-200.55]],"short_axis_lps_mm":[[-30.11,-224.02,-200.55],[-18.7,-216.82,-200.55]],"long_axis_mm":16.8,"short_axis_mm":13.5,"mean_diameter_mm":15.2,"mean_hu":-74.8,"min_hu":-560,"max_hu":74,"kind":"solid","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.952,"slice":29},"diameter_change_mm":0.6,"diameter_error_mm":0.7,"growth":{"volume_change":0.001,"volume_change_low":-0.199,"volume_change_high":0.251,"doublings_per_year":0.002,"doublings_per_year_low":-0.651,"doublings_per_year_high":0.655,"doubling_days":199145.1,"doubling_days_short":557.6}},{"state":"paired","earlier":-1,"earlier_center_lps_mm":[121.95,-140.94,-219.46],"earlier_measured":{"method":"","center_lps_mm":[121.95,-140.94,-219.46],"volume_mm3":306.4,"volume_error":0.21,"long_axis_lps_mm":[[124.93,-137.55,-220.55],[118.9,-144.43,-220.55]],"short_axis_lps_mm":[[118.58,-138.82,-220.55],[124.68,-144.17,-220.55]],"long_axis_mm":9.2,"short_axis_mm":8.1,"mean_diameter_mm":8.7,"mean_hu":-527.8,"min_hu":-893,"max_hu":10,"kind":"part-solid","kind_confidence":0.92,"solid_volume_mm3":15.9,"solid_diameter_mm":3.1,"seen":0.592,"slice":21},"diameter_change_mm":-0.5,"diameter_error_mm":1.8,"growth":{"volume_change":0.014,"volume_change_low":-0.418,"volume_change_high":0.768,"doublings_per_year":0.041,"doublings_per_year_low":-1.585,"doublings_per_year_high":1.668,"doubling_days":8816.9,"doubling_days_short":219}}],"earlier":[{"state":"paired","current":3,"current_center_lps_mm":[-17.65,-238.79,-248.12]},{"state":"paired","current":2,"current_center_lps_mm":[103.66,-229.74,-207.05]},{"state":"paired","current":0,"current_center_lps_mm":[-60.27,-135.82,-130]},{"state":"paired","current":1,"current_center_lps_mm":[-46.06,-242.79,-214.4]}],"earlier_findings":[{"rank":1,"score":0.8725,"flagged":true,"center_lps_mm":[-24.2,-220.72,-199.74],"mean_diameter_mm":15.5,"side":"right","voxel_index":[104.38321230196624,81.19475660024887,29.323788776871467],"measured":{"method":"radial border 2","center_lps_mm":[-24.08,-220.62,-199.57],"volume_mm3":2233.9,"volume_error":0.03,"long_axis_lps_mm":[[-29.94,-213.95,-200.55],[-20.95,-228.19,-200.55]],"short_axis_lps_mm":[[-30.11,-224.02,-200.55],[-18.7,-216.82,-200.55]],"long_axis_mm":16.8,"short_axis_mm":13.5,"mean_diameter_mm":15.2,"mean_hu":-74.8,"min_hu":-560,"max_hu":74,"kind":"solid","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.952,"sop_instance_uid":"2.25.123810053184568565943712091120980913250","slice":29},"place":{"side":"right","pleura_mm":6.1},"sop_instance_uid":"2.25.123810053184568565943712091120980913250","slice":29,"pixel_column":104.38,"pixel_row":81.19},{"rank":2,"score":0.8504,"flagged":true,"center_lps_mm":[95.84,-220.24,-154.42],"mean_diameter_mm":12.2,"side":"left","voxel_index":[189.744990079744,81.53608993358219,47.45178877687115],"measured":{"method":"radial border 2","center_lps_mm":[96.18,-220.42,-154.62],"volume_mm3":938.1,"volume_error":0.19,"long_axis_lps_mm":[[90.7,-217.72,-155.55],[102.4,-223,-155.55]],"short_axis_lps_mm":[[94.78,-225.24,-155.55],[98.8,-216.34,-155.55]],"long_axis_mm":12.8,"short_axis_mm":9.8,"mean_diameter_mm":11.3,"mean_hu":-677.8,"min_hu":-818,"max_hu":-359,"kind":"ground-glass","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.89,"sop_instance_uid":"2.25.14648385656028162951985952859033615901","slice":47},"place":{"side":"left","zone":"middle","estimated":true,"pleura_mm":5.5},"sop_instance_uid":"2.25.14648385656028162951985952859033615901","slice":47,"pixel_column":189.74,"pixel_row":81.54},{"rank":3,"score":0.8301,"flagged":true,"center_lps_mm":[-59.96,-105.6,-90.79],"mean_diameter_mm":7.6,"side":"right","voxel_index":[78.95387896863289,163.05786771136,72.90378877687068],"measured":{"method":"radial border 2","center_lps_mm":[-60.15,-105.71,-90.95],"volume_mm3":263,"volume_error":0.07,"long_axis_lps_mm":[[-64.55,-104.21,-90.55],[-55.79,-107.51,-90.55]],"short_axis_lps_mm":[[-61.25,-109.14,-90.55],[-58.72,-102.44,-90.55]],"long_axis_mm":9.4,"short_axis_mm":7.2,"mean_diameter_mm":8.3,"mean_hu":-153.9,"min_hu":-451,"max_hu":63,"kind":"solid","kind_confidence":0.99,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.954,"sop_instance_uid":"2.25.255384124926387731149764816728399383524","slice":73},"place":{"side":"right","pleura_mm":11.4},"sop_instance_uid":"2.25.255384124926387731149764816728399383524","slice":73,"pixel_column":78.95,"pixel_row":163.06},{"rank":4,"score":0.8036,"flagged":true,"center_lps_mm":[-53.73,-219.7,-165.91],"mean_diameter_mm":9.2,"side":"right","voxel_index":[83.38410119085513,81.9200899335822,42.85578877687123],"measured":{"method":"radial border 2","center_lps_mm":[-53.82,-219.45,-166.81],"volume_mm3":500.6,"volume_error":0.04,"long_axis_lps_mm":[[-58.75,-219.13,-165.55],[-49.1,-219.76,-165.55]],"short_axis_lps_mm":[[-53.6,-223.83,-165.55],[-53.08,-215.87,-165.55]],"long_axis_mm":9.7,"short_axis_mm":8,"mean_diameter_mm":8.9,"mean_hu":-82,"min_hu":-432,"max_hu":42,"kind":"solid","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.92,"sop_instance_uid":"2.25.32755384666121373567601098990829227451","slice":43},"place":{"side":"right","zone":"middle","estimated":true,"pleura_mm":14.4},"sop_instance_uid":"2.25.32755384666121373567601098990829227451","slice":43,"pixel_column":83.38,"pixel_row":81.92}],"in_earlier":[{"sop_instance_uid":"2.25.255384124926387731149764816728399383524","slice":73,"pixel_column":78.82,"pixel_row":162.98},{"sop_instance_uid":"2.25.222443199885837139267552535340192791805","slice":42,"pixel_column":83.32,"pixel_row":82.1},{"sop_instance_uid":"2.25.14648385656028162951985952859033615901","slice":47,"pixel_column":189.99,"pixel_row":81.41},{"sop_instance_uid":"2.25.123810053184568565943712091120980913250","slice":29,"pixel_column":104.47,"pixel_row":81.27},{"sop_instance_uid":"2.25.282530224677661185842993719664069612922","slice":21,"pixel_column":208.31,"pixel_row":137.93}],"in_current":[{"sop_instance_uid":"2.25.157550471938580149946843503016663544689","slice":28,"pixel_column":108.02,"pixel_row":81.16},{"sop_instance_uid":"2.25.90593473848733844969537981526247178684","slice":44,"pixel_column":194.28,"pixel_row":87.6},{"sop_instance_uid":"2.25.92105716258379036572162068884765232117","slice":75,"pixel_column":77.71,"pixel_row":154.38},{"sop_instance_uid":"2.25.65084590449704293864027050331926925155","slice":41,"pixel_column":87.81,"pixel_row":78.32}]}');
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    study_id INTEGER NOT NULL REFERENCES study (id),
    destination TEXT NOT NULL,
    -- key of the result, or what stands for a failure
    key TEXT NOT NULL,
    -- replaced: a newer result of the study goes there instead
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'replaced')),
    job_id INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- of the last failure; quotes no patient
    reason TEXT NOT NULL DEFAULT '',
    -- the reports that the destination has acknowledged, as JSON
    objects TEXT NOT NULL DEFAULT '[]',
    -- of the result: the time that its objects bear
    created_at INTEGER NOT NULL,
    -- since when it is tried
    queued_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
, sent TEXT NOT NULL DEFAULT '', transaction_uid TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '');
INSERT INTO "delivery" VALUES(1,1,'pacs','f5e94c5e151847fcd5c7488cdbba6667bdd5edc7c8c50809b17b0f9572d3f26b','delivered',NULL,1,'','[{"class":"1.2.840.10008.5.1.4.1.1.88.34","instance":"2.25.227562194174232134362804550331513939161","series":"2.25.325845528463462983730859402678245594394"},{"class":"1.2.840.10008.5.1.4.1.1.88.59","instance":"2.25.197052980265892136140750733145472220871","series":"2.25.146133899741045004241278504209665508600"}]',1795770092470528,1795770092470528,1795770093061407,'','','fe24ae76840ee5540717ddd5ea6cb2f2c66eab10a6943482df83bbbb2d306dbe');
INSERT INTO "delivery" VALUES(2,1,'dead','f5e94c5e151847fcd5c7488cdbba6667bdd5edc7c8c50809b17b0f9572d3f26b','waiting',NULL,3,'the destination could not be reached, or the connection broke','[]',1795770092470528,1795770092470528,1795770108425914,'','','fe24ae76840ee5540717ddd5ea6cb2f2c66eab10a6943482df83bbbb2d306dbe');
INSERT INTO "delivery" VALUES(3,1,'ris','f5e94c5e151847fcd5c7488cdbba6667bdd5edc7c8c50809b17b0f9572d3f26b','dead',NULL,1,'the images have no patient identifier or no accession number, without which no HL7 result is written; correct them in the archive and send the study again','[]',1795770092470528,1795770092470528,1795770092821707,'','','fe24ae76840ee5540717ddd5ea6cb2f2c66eab10a6943482df83bbbb2d306dbe');
INSERT INTO "delivery" VALUES(4,2,'pacs','855d4ec34939b6ff8b4a6787cf2b83a2d09c0bf923496f049cb0cfd257526344 after 65be94abe4d320e5971576b4e6b9d76461f63d7d4759bd1cd02d582883c1a080','delivered',NULL,1,'','[{"class":"1.2.840.10008.5.1.4.1.1.88.34","instance":"2.25.33953034450690619200648975340831773594","series":"2.25.89329158684148263692302793136864541386"},{"class":"1.2.840.10008.5.1.4.1.1.88.59","instance":"2.25.152859882503916326404418890779622201605","series":"2.25.310065020388191567895354559735798450451"}]',1795770102747904,1795770102747904,1795770103917350,'','','331bafa56e03f201b544a447a3faa37c71996b627bcbc88356d8a09a94a4aff0');
INSERT INTO "delivery" VALUES(5,2,'dead','855d4ec34939b6ff8b4a6787cf2b83a2d09c0bf923496f049cb0cfd257526344 after 65be94abe4d320e5971576b4e6b9d76461f63d7d4759bd1cd02d582883c1a080','waiting',NULL,2,'the destination could not be reached, or the connection broke','[]',1795770102747904,1795770102747904,1795770108427063,'','','331bafa56e03f201b544a447a3faa37c71996b627bcbc88356d8a09a94a4aff0');
INSERT INTO "delivery" VALUES(6,2,'ris','855d4ec34939b6ff8b4a6787cf2b83a2d09c0bf923496f049cb0cfd257526344 after 65be94abe4d320e5971576b4e6b9d76461f63d7d4759bd1cd02d582883c1a080','dead',NULL,1,'the images have no patient identifier or no accession number, without which no HL7 result is written; correct them in the archive and send the study again','[]',1795770102747904,1795770102747904,1795770103523696,'','','331bafa56e03f201b544a447a3faa37c71996b627bcbc88356d8a09a94a4aff0');
CREATE TABLE doomed (
    path TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE erasure (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    erased_at INTEGER NOT NULL,
    proof TEXT NOT NULL,
    -- NULL until no trace is left in the free pages of the database
    finished_at INTEGER
);
CREATE TABLE gone_instance (
    study_id INTEGER NOT NULL REFERENCES study (id),
    sop_uid TEXT NOT NULL,
    series_id INTEGER NOT NULL REFERENCES series (id),
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    PRIMARY KEY (study_id, sop_uid)
) WITHOUT ROWID;
INSERT INTO "gone_instance" VALUES(1,'2.25.77850120613744614325297613371146913515',1,1);
CREATE TABLE installation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    -- number of the latest change of any study
    last_change INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "installation" VALUES(1,'258a2ea2-09b5-47eb-a59a-a501de859b06',10);
CREATE TABLE instance (
    id INTEGER PRIMARY KEY,
    sop_uid TEXT NOT NULL UNIQUE,
    sop_class TEXT NOT NULL,
    study_id INTEGER NOT NULL REFERENCES study (id),
    series_id INTEGER NOT NULL REFERENCES series (id),
    -- of the current version
    patient_id INTEGER NOT NULL REFERENCES patient (id),
    content BLOB NOT NULL,
    path TEXT NOT NULL,
    -- pixels and geometry: the same in every version
    pixels BLOB NOT NULL
);
INSERT INTO "instance" VALUES(91,'2.25.40942139108942530503487180631202360422','1.2.840.10008.5.1.4.1.1.2',2,2,1,X'F93DF40001FB7A89AE2D5AA9D36A9B6E29AB73AFC1863A56BBB32D120198D09C','instances/4a/4ac0331f0af51e69ceb80d13/e4374bfc-e270-4524-bd80-82a418a6d15a.dcm',X'CD3E6AC106655D911CA23E9EAC25CE8B711EA7323427AC9C6D11C92CD84933F0');
CREATE TABLE instance_file (
    id INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL REFERENCES instance (id),
    sha256 BLOB NOT NULL,
    path TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    UNIQUE (instance_id, sha256)
);
INSERT INTO "instance_file" VALUES(91,91,X'E3A2F15AD3BD6F5431E942B4F304AE11E5E464C1D708D6083E8DC02E60E001B5','instances/4a/4ac0331f0af51e69ceb80d13/e4374bfc-e270-4524-bd80-82a418a6d15a.dcm',132458,1795770092695385);
CREATE TABLE instance_header (
    instance_id INTEGER PRIMARY KEY REFERENCES instance (id) ON DELETE CASCADE,
    instance_number TEXT NOT NULL,
    rows TEXT NOT NULL,
    columns TEXT NOT NULL,
    bits_allocated TEXT NOT NULL,
    number_of_frames TEXT NOT NULL
);
INSERT INTO "instance_header" VALUES(91,'1','256','256','16','');
CREATE TABLE keeping (
    study_id INTEGER PRIMARY KEY REFERENCES study (id),
    -- of the latest storage commitment: the days that images are kept begin anew
    committed_at INTEGER,
    -- since when the images are gone; NULL where all came again
    gone_at INTEGER
, study_date TEXT NOT NULL DEFAULT '');
INSERT INTO "keeping" VALUES(1,NULL,1795770200000000,'20250705');
CREATE TABLE patient (
    id INTEGER PRIMARY KEY,
    patient_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    name TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    UNIQUE (patient_id, issuer, name, birth_date)
);
INSERT INTO "patient" VALUES(1,'PHANTOM-1','NAFAS','Phantom^Synthetic','');
CREATE TABLE polled (
    archive TEXT NOT NULL,
    study_uid TEXT NOT NULL,
    -- instances when it was looked at last; 0 where the archive does not say
    instances INTEGER NOT NULL,
    -- instances, and CT instances, when it was fetched, or passed over, last;
    -- -1 before
    done INTEGER NOT NULL,
    fetched INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    -- not to be fetched before
    next_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (archive, study_uid)
) WITHOUT ROWID;
CREATE TABLE prior_lookup (
    study_id INTEGER PRIMARY KEY REFERENCES study (id) ON DELETE CASCADE,
    -- NULL where it is to be tried again
    looked_at INTEGER,
    failures INTEGER NOT NULL,
    next_at INTEGER NOT NULL
);
CREATE TABLE prior_study (
    study_uid TEXT PRIMARY KEY,
    wanted_at INTEGER NOT NULL,
    -- when the archive had ended sending; NULL while it is at it
    fetched_at INTEGER,
    -- it sent all of it
    whole INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    -- as far as it could be read; '' otherwise
    study_uid TEXT NOT NULL,
    sop_uid TEXT NOT NULL,
    refusal TEXT NOT NULL,
    sha256 BLOB NOT NULL UNIQUE,
    path TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    received_at INTEGER NOT NULL
);
CREATE TABLE reading (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL,
    study_id INTEGER NOT NULL REFERENCES study (id),
    key TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    -- the study's state, or the reason why the job ended without one
    outcome TEXT
);
INSERT INTO "reading" VALUES(1,2,1,'6f816b397d19f9aeb2c91f523951b73668e4332205eb26c1bb8df1f88f31e55c',1,0,0,1795770086017302,1795770086213748,1795770092470528,'done');
INSERT INTO "reading" VALUES(2,7,2,'749a1e20751f851782677e347a9582e071078fba888e1786b3f4a180f5b1a434',1,0,0,1795770092763495,1795770092778485,1795770102747904,'done');
CREATE TABLE result (
    key TEXT PRIMARY KEY,
    study_id INTEGER NOT NULL REFERENCES study (id),
    series_uid TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    config_sha256 TEXT NOT NULL,
    job_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
);
INSERT INTO "result" VALUES('f5e94c5e151847fcd5c7488cdbba6667bdd5edc7c8c50809b17b0f9572d3f26b',1,'2.25.228130320378315375239344925905079307468','d8050310604067fd5cf98c19b3886e36ee9234e6d0ba72ecdcb28135953dd8a9','b386ad1b302f0cb5ae9dcbc06b34f99e037f25e55393e4b521ce8a47fb8ad5b5',2,1,1795770092470528,'{"study":"2.25.56447793068543503310232382252454348266","series":"2.25.228130320378315375239344925905079307468","key":"f5e94c5e151847fcd5c7488cdbba6667bdd5edc7c8c50809b17b0f9572d3f26b","model":{"name":"nafas-lung-1","version":"0.2.0","sha256":"d8050310604067fd5cf98c19b3886e36ee9234e6d0ba72ecdcb28135953dd8a9"},"runtime":{"version":"1.30.0","sha256":"ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23"},"findings":[{"rank":1,"score":0.8725,"flagged":true,"center_lps_mm":[-24.2,-220.72,-199.74],"mean_diameter_mm":15.5,"side":"right","voxel_index":[104.38321230196624,81.19475660024887,29.323788776871467],"measured":{"method":"radial border 2","center_lps_mm":[-24.08,-220.62,-199.57],"volume_mm3":2233.9,"volume_error":0.03,"long_axis_lps_mm":[[-29.94,-213.95,-200.55],[-20.95,-228.19,-200.55]],"short_axis_lps_mm":[[-30.11,-224.02,-200.55],[-18.7,-216.82,-200.55]],"long_axis_mm":16.8,"short_axis_mm":13.5,"mean_diameter_mm":15.2,"mean_hu":-74.8,"min_hu":-560,"max_hu":74,"kind":"solid","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.952,"sop_instance_uid":"2.25.123810053184568565943712091120980913250","slice":29,"body":{"first":[97,73,25],"size":[16,17,10],"bits":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAcAD4APAA4ABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAcAH4AfwB/AH8AfwB/AD4AMAAAAAAAAAAAAAAAAAAAAAwAfgB/AP+A/4D/gP+A/4B/AH8AOAAAAAAAAAAAAAAAAAAMAD4A/wD/Af+B/4H/gf+A/4D/gH8AMAAAAAAAAAAAAAAACAA+AP4B/wH/Af8B/wH/Af8A/4D/AHgAEAAAAAAAAAAAAAAAAAD+AP8B/wH+Af4B/wH/AP8A/wB8ABAAAAAAAAAAAAAAAAAAAAAOAH4A/gD+AP4A/wB+AHwAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}},"place":{"side":"right","pleura_mm":6.1},"sop_instance_uid":"2.25.123810053184568565943712091120980913250","slice":29,"pixel_column":104.38,"pixel_row":81.19},{"rank":2,"score":0.8504,"flagged":true,"center_lps_mm":[95.84,-220.24,-154.42],"mean_diameter_mm":12.2,"side":"left","voxel_index":[189.744990079744,81.53608993358219,47.45178877687115],"measured":{"method":"radial border 2","center_lps_mm":[96.18,-220.42,-154.62],"volume_mm3":938.1,"volume_error":0.19,"long_axis_lps_mm":[[90.7,-217.72,-155.55],[102.4,-223,-155.55]],"short_axis_lps_mm":[[94.78,-225.24,-155.55],[98.8,-216.34,-155.55]],"long_axis_mm":12.8,"short_axis_mm":9.8,"mean_diameter_mm":11.3,"mean_hu":-677.8,"min_hu":-818,"max_hu":-359,"kind":"ground-glass","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.89,"sop_instance_uid":"2.25.14648385656028162951985952859033615901","slice":47,"body":{"first":[184,75,44],"size":[13,14,8],"bits":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAuAAPsAHcAAAAAAAAAAAAAAAAAAAAMAD/MAf+AN/4AMYAAAAAAAAAAAAAMAH/ME/+If/8A/8AAAAAAAAAAAAAAAA8IA/8Af/4A/8AR8AAAAAAAAAAAAAAAAA4Af+wB/4AT/AAwAAAAAAAAAAAAAAAAAAAAZAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}},"place":{"side":"left","zone":"middle","estimated":true,"pleura_mm":5.5},"sop_instance_uid":"2.25.14648385656028162951985952859033615901","slice":47,"pixel_column":189.74,"pixel_row":81.54},{"rank":3,"score":0.8301,"flagged":true,"center_lps_mm":[-59.96,-105.6,-90.79],"mean_diameter_mm":7.6,"side":"right","voxel_index":[78.95387896863289,163.05786771136,72.90378877687068],"measured":{"method":"radial border 2","center_lps_mm":[-60.15,-105.71,-90.95],"volume_mm3":263,"volume_error":0.07,"long_axis_lps_mm":[[-64.55,-104.21,-90.55],[-55.79,-107.51,-90.55]],"short_axis_lps_mm":[[-61.25,-109.14,-90.55],[-58.72,-102.44,-90.55]],"long_axis_mm":9.4,"short_axis_mm":7.2,"mean_diameter_mm":8.3,"mean_hu":-153.9,"min_hu":-451,"max_hu":63,"kind":"solid","kind_confidence":0.99,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.954,"sop_instance_uid":"2.25.255384124926387731149764816728399383524","slice":73,"body":{"first":[75,159,70],"size":[9,9,6],"bits":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAACDDw8eCAAAAAAADx8/PngAAAAAAAA4eHggAAAAAAAAAAAAAAAAAA=="}},"place":{"side":"right","pleura_mm":11.4},"sop_instance_uid":"2.25.255384124926387731149764816728399383524","slice":73,"pixel_column":78.95,"pixel_row":163.06},{"rank":4,"score":0.8036,"flagged":true,"center_lps_mm":[-53.73,-219.7,-165.91],"mean_diameter_mm":9.2,"side":"right","voxel_index":[83.38410119085513,81.9200899335822,42.85578877687123],"measured":{"method":"radial border 2","center_lps_mm":[-53.82,-219.45,-166.81],"volume_mm3":500.6,"volume_error":0.04,"long_axis_lps_mm":[[-58.75,-219.13,-165.55],[-49.1,-219.76,-165.55]],"short_axis_lps_mm":[[-53.6,-223.83,-165.55],[-53.08,-215.87,-165.55]],"long_axis_mm":9.7,"short_axis_mm":8,"mean_diameter_mm":8.9,"mean_hu":-82,"min_hu":-432,"max_hu":42,"kind":"solid","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.92,"sop_instance_uid":"2.25.32755384666121373567601098990829227451","slice":43,"body":{"first":[79,77,40],"size":[10,11,6],"bits":"AAAAAAAAAAAAAAAAAAAAAAAAAB588IEHDAAAAAAAAODABz/88AMDAAAAAAAAfPDjDz98AAAAAAAAAAAe/PDDBwAAAAAAAAAAAAAAAAAAAAAAAAA="}},"place":{"side":"right","zone":"middle","estimated":true,"pleura_mm":14.4},"sop_instance_uid":"2.25.32755384666121373567601098990829227451","slice":43,"pixel_column":83.38,"pixel_row":81.92}],"scan":{"slices":90,"rows":256,"columns":256,"spacing_mm":[1.40625,1.40625,2.500000000000045],"slice_thickness_mm":2.5,"kernel":"STANDARD","manufacturer":"Nafas phantom","lung_volume_ml":5337.432000000001},"timings":[{"stage":"read","seconds":0.024804683},{"stage":"decode","seconds":0.010393339},{"stage":"assemble","seconds":0.000562424},{"stage":"lung","seconds":0.330662586},{"stage":"prepare","seconds":0.071120316},{"stage":"onnx","seconds":4.4337150659999995},{"stage":"postprocess","seconds":0.022850548},{"stage":"refine","seconds":1.28882469},{"stage":"measure","seconds":0.063915745},{"stage":"place","seconds":0.004795275}]}');
INSERT INTO "result" VALUES('855d4ec34939b6ff8b4a6787cf2b83a2d09c0bf923496f049cb0cfd257526344',2,'2.25.294326843945964553600785078243823460716','d8050310604067fd5cf98c19b3886e36ee9234e6d0ba72ecdcb28135953dd8a9','b386ad1b302f0cb5ae9dcbc06b34f99e037f25e55393e4b521ce8a47fb8ad5b5',7,1,1795770102747904,'{"study":"2.25.61050494399027041504016163031194963905","series":"2.25.294326843945964553600785078243823460716","key":"855d4ec34939b6ff8b4a6787cf2b83a2d09c0bf923496f049cb0cfd257526344","model":{"name":"nafas-lung-1","version":"0.2.0","sha256":"d8050310604067fd5cf98c19b3886e36ee9234e6d0ba72ecdcb28135953dd8a9"},"runtime":{"version":"1.30.0","sha256":"ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23"},"findings":[{"rank":1,"score":0.9014,"flagged":true,"center_lps_mm":[-60.29,-135.71,-129.91],"mean_diameter_mm":11,"side":"right","voxel_index":[77.693671908992,154.46123489283553,75.20785206127199],"measured":{"method":"radial border 2","center_lps_mm":[-60.27,-135.82,-130],"volume_mm3":806.8,"volume_error":0.04,"long_axis_lps_mm":[[-66.86,-133.59,-130.43],[-53.97,-138.93,-130.43]],"short_axis_lps_mm":[[-62.94,-140.08,-130.43],[-59,-130.58,-130.43]],"long_axis_mm":13.9,"short_axis_mm":10.3,"mean_diameter_mm":12.1,"mean_hu":-89.8,"min_hu":-463,"max_hu":74,"kind":"solid","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.95,"sop_instance_uid":"2.25.92105716258379036572162068884765232117","slice":75,"body":{"first":[72,149,72],"size":[12,12,8],"bits":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAYAAEQAAAAAAAAAAAAAAAAAA/+MMf/IEP+AAAAAAAAAAA4IN//Mc//sMf/AEHAAAAAAAA4AE/+Id//MMf/AEHAAAAAAAAAAAAgAAc8AEPYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}},"place":{"side":"right","pleura_mm":9.6},"sop_instance_uid":"2.25.92105716258379036572162068884765232117","slice":75,"pixel_column":77.69,"pixel_row":154.46},{"rank":2,"score":0.803,"flagged":true,"center_lps_mm":[-46.17,-243.02,-214.19],"mean_diameter_mm":10.9,"side":"right","voxel_index":[87.73456079788089,78.1519015595022,41.495852061272004],"measured":{"method":"radial border 2","center_lps_mm":[-46.06,-242.79,-214.4],"volume_mm3":694.2,"volume_error":0.04,"long_axis_lps_mm":[[-51.49,-242.43,-212.93],[-40.74,-243.14,-212.93]],"short_axis_lps_mm":[[-45.77,-247.83,-212.93],[-45.18,-238.82,-212.93]],"long_axis_mm":10.8,"short_axis_mm":9,"mean_diameter_mm":9.9,"mean_hu":-92.9,"min_hu":-440,"max_hu":76,"kind":"solid","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.968,"sop_instance_uid":"2.25.212158018075985936323990761117970293587","slice":42,"body":{"first":[82,73,38],"size":[12,12,8],"bits":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwAAOAAAAAAAAAAAAAAAP8IAf+IMf8AEAAAAAAAAAAAAP+IE/+IM/8AEAAAAAAAAA4AAf+MM/+IMfwAAAAAAAAAAAQAAf+IM/+AMPAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}},"place":{"side":"right","zone":"middle","estimated":true,"pleura_mm":13.8},"sop_instance_uid":"2.25.65084590449704293864027050331926925155","slice":41,"pixel_column":87.73,"pixel_row":78.15},{"rank":3,"score":0.7963,"flagged":true,"center_lps_mm":[103.64,-229.42,-206.8],"mean_diameter_mm":14,"side":"left","voxel_index":[194.26611635343644,87.82301267061332,44.451852061272],"measured":{"method":"radial border 2","center_lps_mm":[103.66,-229.74,-207.05],"volume_mm3":1307.8,"volume_error":0.09,"long_axis_lps_mm":[[97.63,-227.25,-207.93],[110.62,-232.63,-207.93]],"short_axis_lps_mm":[[101.66,-234.75,-207.93],[105.65,-225.1,-207.93]],"long_axis_mm":14.1,"short_axis_mm":10.4,"mean_diameter_mm":12.3,"mean_hu":-673.9,"min_hu":-774,"max_hu":-258,"kind":"ground-glass","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.905,"sop_instance_uid":"2.25.90593473848733844969537981526247178684","slice":44,"body":{"first":[187,81,40],"size":[15,15,9],"bits":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8AD4AHwAP4APgAMAAAAAAAAAAAAAAAAAAAbAD/AH/AP+gX/AP8AHAAAAAAAAAAAAAAAAAIAf4A/4D/wH/4H/gD+ABwAAAAAAAAAAAAAAAAAAH+AP8A/8B/4B/4A/gA8AAAAAAAAAAAAAAAAAAA7AD/AP+Af8A/4AfwAPAAAAAAAAAAAAAAAAAAAAAA7AB+AD8AA4ABgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}},"place":{"side":"left","zone":"middle","estimated":true,"pleura_mm":5},"sop_instance_uid":"2.25.90593473848733844969537981526247178684","slice":44,"pixel_column":194.27,"pixel_row":87.82},{"rank":4,"score":0.791,"flagged":true,"center_lps_mm":[-17.66,-238.51,-247.97],"mean_diameter_mm":14.4,"side":"right","voxel_index":[108.00833857565867,81.35901267061332,27.983852061272007],"measured":{"method":"radial border 2","center_lps_mm":[-17.65,-238.79,-248.12],"volume_mm3":2235.3,"volume_error":0.03,"long_axis_lps_mm":[[-24.24,-233.02,-247.93],[-10.87,-243.33,-247.93]],"short_axis_lps_mm":[[-21.76,-244.92,-247.93],[-12.87,-233.4,-247.93]],"long_axis_mm":16.9,"short_axis_mm":14.6,"mean_diameter_mm":15.8,"mean_hu":-73.6,"min_hu":-797,"max_hu":76,"kind":"solid","kind_confidence":0.97,"solid_volume_mm3":0,"solid_diameter_mm":0,"seen":0.947,"sop_instance_uid":"2.25.157550471938580149946843503016663544689","slice":28,"body":{"first":[100,73,23],"size":[17,17,11],"bits":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwADgA+AHwA+AHwAeADwAAAAAAAAAAAAAAAAAAAAAAAAAAOAB4AfgD+AfwD+AfwD/AP4A+AHgAQAAAAAAAAAAAAAAAAAAAOAD4A/AP8B/gP8A/wH+A/wD+AfgB4AHAAAAAAAAAAAAAAAAAMAHwB+Af4D/Af8D/gP8B/gP8B/gH4AfAAAAAAAAAAAAAAAAAAAAAD8A/wD+AfwH+A/wD/Af4D/APwA/AAAAAAAAAAAAAAAAAAAAAAAA/AD8A/gH8A/gH8A/wD+AfwB+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAMADgA8ADwAfAD4AGAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}},"place":{"side":"right","pleura_mm":5.4},"sop_instance_uid":"2.25.157550471938580149946843503016663544689","slice":28,"pixel_column":108.01,"pixel_row":81.36},{"rank":5,"score":0.411,"flagged":false,"center_lps_mm":[119.39,-144.8,-266.65],"mean_diameter_mm":6.7,"side":"left","voxel_index":[205.46611635343643,147.99723489283554,20.511852061272016],"measured":{"method":"radial border 2","center_lps_mm":[118.91,-144.12,-266.59],"volume_mm3":310.8,"volume_error":0.21,"long_axis_lps_mm":[[122.09,-141.34,-267.93],[115.68,-147.35,-267.93]],"short_axis_lps_mm":[[116.76,-141.28,-267.93],[121.92,-146.78,-267.93]],"long_axis_mm":8.8,"short_axis_mm":7.5,"mean_diameter_mm":8.2,"mean_hu":-539.7,"min_hu":-923,"max_hu":-18,"kind":"part-solid","kind_confidence":0.92,"solid_volume_mm3":15.8,"solid_diameter_mm":3.1,"seen":0.59,"sop_instance_uid":"2.25.50349372662045375918257549494183371465","slice":20,"body":{"first":[201,144,18],"size":[9,10,6],"bits":"AAAAAAAAAAAAAAAAAAAAAAYcGAAAAAAAAAY+fPzggQEAAAAAOPDw4YMHDAAAAAAAgIADBwwAAAAAAAAAAAAAAAAAAAA="}},"place":{"side":"left","pleura_mm":17.4},"sop_instance_uid":"2.25.325787893099842895617962802005948188389","slice":21,"pixel_column":205.47,"pixel_row":148}],"scan":{"slices":90,"rows":256,"columns":256,"spacing_mm":[1.40625,1.40625,2.5000000000000004],"slice_thickness_mm":2.5,"kernel":"STANDARD","manufacturer":"Nafas phantom","lung_volume_ml":5342.792},"timings":[{"stage":"read","seconds":0.019351375},{"stage":"decode","seconds":0.001782706},{"stage":"assemble","seconds":0.000676955},{"stage":"lung","seconds":0.515124392},{"stage":"prepare","seconds":0.079488224},{"stage":"onnx","seconds":4.334651364},{"stage":"postprocess","seconds":0.030967374},{"stage":"refine","seconds":1.942627578},{"stage":"measure","seconds":0.125266986},{"stage":"place","seconds":0.001417303}]}');
CREATE TABLE river_client (
    id text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (json('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL,
    CONSTRAINT name_length CHECK (length(id) > 0 AND length(id) < 128)
);
CREATE TABLE river_client_queue (
    river_client_id text NOT NULL REFERENCES river_client (id) ON DELETE CASCADE,
    name text NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    max_workers integer NOT NULL DEFAULT 0,
    metadata blob NOT NULL DEFAULT (json('{}')),
    num_jobs_completed integer NOT NULL DEFAULT 0,
    num_jobs_running integer NOT NULL DEFAULT 0,
    updated_at timestamp NOT NULL,
    PRIMARY KEY (river_client_id, name),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT num_jobs_completed_zero_or_positive CHECK (num_jobs_completed >= 0),
    CONSTRAINT num_jobs_running_zero_or_positive CHECK (num_jobs_running >= 0)
);
CREATE TABLE river_job (
    id integer PRIMARY KEY, -- SQLite makes this autoincrementing automatically
    args blob NOT NULL DEFAULT '{}',
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL,
    metadata blob NOT NULL DEFAULT (json('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (json('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
INSERT INTO "river_migration" VALUES('main',1,'2026-11-27 09:01:19');
INSERT INTO "river_migration" VALUES('main',2,'2026-11-27 09:01:19');
INSERT INTO "river_migration" VALUES('main',3,'2026-11-27 09:01:19');
INSERT INTO "river_migration" VALUES('main',4,'2026-11-27 09:01:19');
INSERT INTO "river_migration" VALUES('main',5,'2026-11-27 09:01:19');
INSERT INTO "river_migration" VALUES('main',6,'2026-11-27 09:01:19');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (json('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL
);
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL);
INSERT INTO "schema_version" VALUES(1,1795770079738475);
INSERT INTO "schema_version" VALUES(2,1795770079740342);
INSERT INTO "schema_version" VALUES(3,1795770079743093);
INSERT INTO "schema_version" VALUES(4,1795770079749398);
INSERT INTO "schema_version" VALUES(5,1795770079750241);
INSERT INTO "schema_version" VALUES(6,1795770079750740);
INSERT INTO "schema_version" VALUES(7,1795770079751497);
INSERT INTO "schema_version" VALUES(8,1795770079754178);
INSERT INTO "schema_version" VALUES(9,1795770079755106);
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    study_id INTEGER NOT NULL REFERENCES study (id),
    uid TEXT NOT NULL,
    modality TEXT NOT NULL,
    not_read TEXT,
    result_key TEXT REFERENCES result (key),
    UNIQUE (study_id, uid)
);
INSERT INTO "series" VALUES(1,1,'2.25.228130320378315375239344925905079307468','CT',NULL,'f5e94c5e151847fcd5c7488cdbba6667bdd5edc7c8c50809b17b0f9572d3f26b');
INSERT INTO "series" VALUES(2,2,'2.25.294326843945964553600785078243823460716','CT',NULL,'855d4ec34939b6ff8b4a6787cf2b83a2d09c0bf923496f049cb0cfd257526344');
CREATE TABLE series_header (
    series_id INTEGER PRIMARY KEY REFERENCES series (id) ON DELETE CASCADE,
    instance_id INTEGER NOT NULL,
    series_number TEXT NOT NULL,
    series_description TEXT NOT NULL,
    series_date TEXT NOT NULL,
    series_time TEXT NOT NULL,
    body_part_examined TEXT NOT NULL,
    protocol_name TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    step_start_date TEXT NOT NULL,
    step_start_time TEXT NOT NULL,
    -- of the first requested step
    scheduled_step_id TEXT NOT NULL,
    requested_procedure_id TEXT NOT NULL
);
INSERT INTO "series_header" VALUES(1,1,'1','Synthetic chest, no patient','20250705','120000','CHEST','','Nafas phantom','','','','');
INSERT INTO "series_header" VALUES(2,91,'1','Synthetic chest, no patient','20260101','120000','CHEST','','Nafas phantom','','','','');
CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('receiving', 'waiting', 'running', 'done', 'not_assessed', 'failed')),
    priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 4),
    priority_reasons TEXT NOT NULL DEFAULT '[]',
    request_priority TEXT NOT NULL CHECK (request_priority IN ('routine', 'urgent')),
    received_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- arrival of the last instance that changed something
    last_instance_at INTEGER NOT NULL,
    instances INTEGER NOT NULL DEFAULT 0,
    quarantined INTEGER NOT NULL DEFAULT 0,
    -- refusal as JSON; NULL where there is a result or none is due yet
    not_assessed TEXT,
    -- key of the reading that the state comes from
    read_key TEXT NOT NULL DEFAULT '',
    -- the job that owns the study, and the key that it reads
    job_id INTEGER,
    job_key TEXT NOT NULL DEFAULT '',
    reading_id INTEGER REFERENCES reading (id),
    settle_job_id INTEGER,
    change INTEGER NOT NULL
);
INSERT INTO "study" VALUES(1,'2.25.56447793068543503310232382252454348266','done',4,'[{"Code":"FINDING_LARGE","Rule":{"Name":"large","Level":"urgent","Point":"one","SizeMM":15,"UnlessKinds":["calcified"],"KindConfidence":0.95},"Ranks":[1],"LargestMM":15.2,"LargestMeasured":true,"Text":"1 flagged finding of 15 mm or more; the largest is 15.2 mm (measured)"}]','routine',1795770085906381,1795770092470528,1795770086017302,0,0,NULL,'6f816b397d19f9aeb2c91f523951b73668e4332205eb26c1bb8df1f88f31e55c',NULL,'',NULL,NULL,5);
INSERT INTO "study" VALUES(2,'2.25.61050494399027041504016163031194963905','done',4,'[{"Code":"FINDING_LARGE","Rule":{"Name":"large","Level":"urgent","Point":"one","SizeMM":15,"UnlessKinds":["calcified"],"KindConfidence":0.95},"Ranks":[4],"LargestMM":15.8,"LargestMeasured":true,"Text":"1 flagged finding of 15 mm or more; the largest is 15.8 mm (measured)"},{"Code":"FINDING_GROWING","Rule":{"Name":"growing","Level":"urgent","Point":"one","DoublingDays":400},"Ranks":[1,2,3],"LargestMM":12.3,"LargestMeasured":true,"DoublingDays":111.3,"DoublingDaysShort":92.8,"DoublingDaysLong":139,"Text":"3 flagged findings, volume doubling in 400 days or less; the largest is 12.3 mm (measured); the fastest in 111 days (93-139)"},{"Code":"FINDING_GROWING","Rule":{"Name":"grown","Level":"urgent","Point":"one","SizeMM":8,"UnlessKinds":["ground-glass"],"GrownMM":1.5,"WithinDays":366},"Ranks":[1],"LargestMM":12.1,"LargestMeasured":true,"DoublingDays":111.3,"DoublingDaysShort":92.8,"DoublingDaysLong":139,"Text":"1 flagged finding of 8 mm or more, mean diameter grown by more than 1.5 mm in 366 days or less; the largest is 12.1 mm (measured)"}]','routine',1795770092695385,1795770102747904,1795770092763495,1,0,NULL,'749a1e20751f851782677e347a9582e071078fba888e1786b3f4a180f5b1a434',NULL,'',NULL,NULL,10);
CREATE TABLE study_header (
    study_id INTEGER PRIMARY KEY REFERENCES study (id) ON DELETE CASCADE,
    instance_id INTEGER NOT NULL,
    patient_name TEXT NOT NULL,
    -- as names are compared (dicomio/match)
    patient_name_key TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    issuer_of_patient_id TEXT NOT NULL,
    patient_birth_date TEXT NOT NULL,
    patient_sex TEXT NOT NULL,
    study_date TEXT NOT NULL,
    study_time TEXT NOT NULL,
    accession_number TEXT NOT NULL,
    study_number TEXT NOT NULL,
    study_description TEXT NOT NULL,
    referring_physician_name TEXT NOT NULL,
    referring_physician_name_key TEXT NOT NULL,
    timezone TEXT NOT NULL
);
INSERT INTO "study_header" VALUES(2,91,'Phantom^Synthetic','phantom^synthetic','PHANTOM-1','NAFAS','','O','20260101','120000','','1','CT chest','','','');
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
CREATE UNIQUE INDEX study_change ON study (change);
CREATE INDEX study_worklist ON study (priority DESC, received_at, uid);
CREATE INDEX study_received ON study (received_at, uid);
CREATE INDEX instance_study ON instance (study_id, patient_id);
CREATE INDEX instance_series ON instance (series_id);
CREATE INDEX quarantine_study ON quarantine (study_uid);
CREATE INDEX reading_study ON reading (study_id);
CREATE INDEX result_study ON result (study_id);
CREATE INDEX delivery_study ON delivery (study_id, destination, id);
CREATE INDEX delivery_state ON delivery (state, created_at);
CREATE INDEX study_header_patient ON study_header (patient_id);
CREATE INDEX study_header_accession ON study_header (accession_number);
CREATE INDEX study_header_date ON study_header (study_date);
CREATE INDEX study_header_name ON study_header (patient_name_key);
CREATE INDEX series_uid ON series (uid);
CREATE INDEX delivery_transaction ON delivery (transaction_uid) WHERE transaction_uid <> '';
CREATE INDEX comparison_earlier ON comparison (earlier_study_id);
CREATE INDEX instance_patient ON instance (patient_id, study_id);
CREATE INDEX gone_instance_patient ON gone_instance (patient_id, study_id);
CREATE INDEX patient_birth_date ON patient (birth_date);
CREATE INDEX study_last_instance ON study (last_instance_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('reading',2);
INSERT INTO "sqlite_sequence" VALUES('delivery',6);
COMMIT;
