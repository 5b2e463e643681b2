NAME          lumix   
ROWS
 N  OBJROW
 G  R0000000
 L  R0000001
COLUMNS
    C4        OBJROW    3.          
    C4        R0000000  1.          
    C4        R0000001  1.          
    C6        R0000000   -1.        
    C6        R0000001   -1.375     
RHS
    RHS       OBJROW    8.875       
BOUNDS
 UP BOUND     C4        1.375       
 BV BOUND     C6        1.          
ENDATA
